using System.Text.Json;
using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Cli;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using ClientModel = LmStudio.Client.Wire.ModelInfo;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// Finds the files of a model. LM Studio's list gives a path below the models folder, which for models of its hub is only their name;
/// their files are found in LM Studio's index, or by the sources that the hub's description names.
/// </summary>
internal sealed class LmStudioModelFiles(LmStudioHomestead home, LmStudioClient client, string modelsFolder)
{
    private const int LargestFile = 64 * 1024 * 1024;

    public async Task<ModelPlace> LocateAsync(string key, CancellationToken cancellationToken)
    {
        if (!home.IsLocal) throw Elsewhere(key, $"LM Studio is at {home.Address}, not on this machine.");
        var model = (await ListAsync(cancellationToken)).FirstOrDefault(model => model.ModelKey == key || model.Variants.Contains(key, StringComparer.Ordinal))
            ?? throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {key}") { Backend = home.Backend });
        if (model.DeviceIdentifier is not null) throw Elsewhere(key, "It is on a linked machine.");
        var paths = Find(model, key);
        return paths.Count > 0 ? new ModelPlace(paths) : throw Elsewhere(key, $"It is not in {modelsFolder}; lmstudio.models_dir (LMSTUDIO_MODELS_DIR) says where LM Studio keeps its models.");
    }

    /// <summary>Absolute paths of what is there; of a variant only its own files, where their names tell.</summary>
    internal IReadOnlyList<string> Find(ClientModel model, string key)
    {
        IReadOnlyList<string> found = [.. new[] { Listed(model) }.OfType<string>()];
        if (found.Count == 0) found = Indexed(model, key);
        if (found.Count == 0) found = Described(key);
        var variant = key.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? key[(at + 1)..] : null;
        return variant is null ? found : [.. found.SelectMany(path => OfVariant(path, variant))];
    }

    private async Task<IReadOnlyList<ClientModel>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.System.ListDownloadedModelsAsync(cancellationToken);
        }
        catch (LmStudioException failure) when (failure is LmStudioConnectionException or LmStudioEndpointMissingException && home.HasCli())
        {
            return await ListByProgramAsync(cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.BackendFault);
        }
    }

    private async Task<IReadOnlyList<ClientModel>> ListByProgramAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await home.Lms.ListModelsAsync(cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, home.Backend, ErrorCode.BackendFault);
        }
    }

    private string? Listed(ClientModel model) =>
        model.Path is { Length: > 0 } path && Path.Combine(modelsFolder, path.Replace('/', Path.DirectorySeparatorChar)) is var full && Path.Exists(full) ? full : null;

    private List<string> Indexed(ClientModel model, string key)
    {
        var found = new List<string>();
        if (Read(Path.Combine(home.Folder, ".internal", "model-index-cache.json")) is not { } text) return found;
        try
        {
            using var index = JsonDocument.Parse(text);
            if (Member(index.RootElement, "models") is not { ValueKind: JsonValueKind.Array } entries) return found;
            foreach (var entry in entries.EnumerateArray())
                if (IsEntryOf(entry, model, key) && Text(Member(entry, "entryPoint"), "absPath") is { } path && Path.Exists(path)) found.Add(Path.GetFullPath(path));
        }
        catch (JsonException)
        {
            // LM Studio's own affair, and not the only source.
        }

        return found;
    }

    private static bool IsEntryOf(JsonElement entry, ClientModel model, string key)
    {
        string?[] names = [Text(entry, "defaultIdentifier"), Text(entry, "indexedModelIdentifier")];
        return names.Any(name => name is not null && (name == key || name == model.ModelKey || name == model.Path || name == model.IndexedModelIdentifier || name == model.SelectedVariant));
    }

    /// <summary>The hub's <c>model.yaml</c> names the repositories that its files come from.</summary>
    private List<string> Described(string key)
    {
        var name = key.Split('@')[0].Split('/');
        if (name.Length != 2 || name.Any(part => part is "" or "." or "..")) return [];
        if (Read(Path.Combine(home.Folder, "hub", "models", name[0], name[1], "model.yaml")) is not { } text) return [];
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            return [.. yaml.Documents.SelectMany(document => document.AllNodes).OfType<YamlMappingNode>()
                .Select(source => (User: Scalar(source, "user"), Repo: Scalar(source, "repo")))
                .Where(source => source is { User: not null, Repo: not null })
                .Select(source => Path.Combine(modelsFolder, source.User!, source.Repo!))
                .Where(Directory.Exists)
                .Distinct(StringComparer.Ordinal)];
        }
        catch (YamlException)
        {
            return [];
        }
    }

    private static IEnumerable<string> OfVariant(string path, string variant)
    {
        if (!Directory.Exists(path)) return [path];
        string[] own = [.. Directory.EnumerateFiles(path).Where(file => Path.GetFileName(file).Contains(variant, StringComparison.OrdinalIgnoreCase))];
        return own.Length > 0 ? own : [path];
    }

    private static string? Read(string file)
    {
        try
        {
            return new FileInfo(file) is { Exists: true, Length: <= LargestFile } ? File.ReadAllText(file) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static JsonElement? Member(JsonElement? json, string name) =>
        json is { ValueKind: JsonValueKind.Object } thing && thing.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement? json, string name) => Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static string? Scalar(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? (value as YamlScalarNode)?.Value : null;

    private GatewayException Elsewhere(string key, string why) =>
        new(new GatewayError(ErrorCode.ModelNotFound, $"The files of '{key}' are not here: {why}") { Backend = home.Backend });
}
