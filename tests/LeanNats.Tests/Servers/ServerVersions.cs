using System.Collections.Concurrent;
using System.Diagnostics;

namespace LeanNats.Tests.Servers;

/// <summary>Servers of other versions than the installed one, fetched once and kept with the build's artifacts.</summary>
internal static class ServerVersions
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Programs = [];

    /// <summary>The program of a version. Throws with the reason when it cannot be had: nothing is skipped because of it.</summary>
    public static Task<string> FetchAsync(string version) =>
        Programs.GetOrAdd(version, wanted => new Lazy<Task<string>>(() => RunAsync(wanted))).Value;

    private static async Task<string> RunAsync(string version)
    {
        var script = Path.Combine(Repository.Root, "tests", "LeanNats.Tests", "Servers", "fetch-nats-server");
        var start = new ProcessStartInfo("bash", [script, version, Path.Combine(Repository.Root, "artifacts", "nats-servers")])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await process.WaitForExitAsync(deadline.Token);
        if (process.ExitCode != 0) throw new InvalidOperationException($"nats-server {version} cannot be had: {await errors}");
        return (await output).Trim();
    }
}
