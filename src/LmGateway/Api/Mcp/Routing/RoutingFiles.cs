using System.Reflection;
using LmGateway.Configuration;

namespace LmGateway.Api.Mcp.Routing;

/// <summary>Where the three files are: as configured, else in the folders that are trusted, else built in.</summary>
internal sealed class RoutingFiles(LiveSettings settings, RoutingFolders folders)
{
    private const long LargestFile = 1024 * 1024;

    /// <summary>Throws <see cref="RoutingConfigException"/> where a file cannot be read or used.</summary>
    public async Task<RoutingConfig> ReadAsync(CancellationToken cancellationToken)
    {
        var agents = await ReadAsync("agents.json", settings.Current.Mcp.AgentsPath, cancellationToken);
        var rules = await ReadAsync("rules.json", settings.Current.Mcp.RulesPath, cancellationToken);
        var tags = await ReadAsync("llm-tags.json", settings.Current.Mcp.TagsPath, cancellationToken);
        return RoutingReader.Read(agents, rules, tags);
    }

    private async Task<RoutingText> ReadAsync(string name, string? configured, CancellationToken cancellationToken)
    {
        var path = configured ?? folders.Paths.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null) return await BuiltInAsync(name, cancellationToken);
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) throw new RoutingConfigException($"{path}: a .json file is expected.");
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) throw new RoutingConfigException($"{path}: there is no such file.");
            if (file.Length > LargestFile) throw new RoutingConfigException($"{path}: it has {file.Length} bytes; at most {LargestFile} are taken.");
            return new RoutingText(path, await File.ReadAllTextAsync(path, cancellationToken));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RoutingConfigException($"{path}: it cannot be read: {fault.Message}");
        }
    }

    private static async Task<RoutingText> BuiltInAsync(string name, CancellationToken cancellationToken)
    {
        await using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"routing/{name}")!;
        using var reader = new StreamReader(stream);
        return new RoutingText($"the built-in {name}", await reader.ReadToEndAsync(cancellationToken));
    }
}

/// <summary>A file's name, for messages, and its text.</summary>
internal sealed record RoutingText(string Name, string Text);

/// <summary>Folders that may hold the files, the strongest first.</summary>
internal sealed record RoutingFolders(IReadOnlyList<string> Paths)
{
    /// <summary>A program that a client may start inside a stranger's repository does not take instructions from there.</summary>
    public static RoutingFolders Of(GatewayOptions options, bool trustWorkingFolder) =>
        new([.. new[] { trustWorkingFolder ? Path.GetFullPath("config") : null, options.StateDir }.OfType<string>()]);
}
