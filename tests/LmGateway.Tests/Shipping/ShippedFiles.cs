using System.Diagnostics;
using System.Xml.Linq;

namespace LmGateway.Tests.Shipping;

/// <summary>What <c>scripts/publish</c> makes, made once for all tests of a run.</summary>
internal static class ShippedFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private static readonly Lazy<Task<string>> Made = new(() => PublishAsync("artifacts/ship-tests", "--no-archives", "linux-x64", "linux-x64-framework-dependent", "win-x64", "tool", "client"));

    /// <summary>The one version that everything has.</summary>
    public static string Version { get; } =
        XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

    /// <summary>The folder with the builds for Linux and Windows and both packages.</summary>
    public static Task<string> FolderAsync() => Made.Value;

    public static async Task<string> BuildAsync(string name) => Path.Combine(await FolderAsync(), $"lmgateway-{Version}-{name}");

    /// <summary>Runs the script and gives the folder that it filled.</summary>
    public static async Task<string> PublishAsync(string folder, params string[] arguments)
    {
        var (code, said) = await RunAsync(Path.Combine(Repository.Root, "scripts", "publish"), ["--out", Path.Combine(Repository.Root, folder), .. arguments], new Dictionary<string, string>());
        return code == 0 ? Path.Combine(Repository.Root, folder) : throw new InvalidOperationException(said);
    }

    /// <summary>Runs <c>dotnet</c> with packages from the folder alone and a package cache of its own; fails where it fails.</summary>
    public static async Task<string> DotnetAsync(string workplace, params string[] arguments)
    {
        await File.WriteAllTextAsync(
            Path.Combine(workplace, "nuget.config"),
            $"""<configuration><packageSources><clear /><add key="local" value="{await FolderAsync()}" /></packageSources></configuration>""");
        var environment = new Dictionary<string, string> { ["NUGET_PACKAGES"] = Path.Combine(workplace, "packages"), ["DOTNET_CLI_HOME"] = workplace, ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_NOLOGO"] = "1" };
        var (code, said) = await RunAsync("dotnet", arguments, environment, workplace);
        return code == 0 ? said : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)}: {said}");
    }

    private static async Task<(int Code, string Said)> RunAsync(string program, IReadOnlyList<string> arguments, Dictionary<string, string> environment, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Repository.Root };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        // What the tests' own build was told must not reach another one.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output + await errors);
    }
}
