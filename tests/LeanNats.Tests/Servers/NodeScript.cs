using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace LeanNats.Tests.Servers;

/// <summary>Runs a script of <c>tests/clients/nats</c>, which speaks through the official JavaScript clients.</summary>
internal static class NodeScript
{
    /// <summary>What the script printed; fails with what it said on its error stream.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var folder = Path.Combine(RepositoryRoot(), "tests", "clients");
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine("nats", script), .. arguments])
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        try
        {
            await node.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        }
        finally
        {
            if (!node.HasExited) node.Kill(entireProcessTree: true);
        }

        Assert.True(node.ExitCode == 0, $"{script} failed: {await errors}");
        return (await output).Trim();
    }

    private static string RepositoryRoot([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
