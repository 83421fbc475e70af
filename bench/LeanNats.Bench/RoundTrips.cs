using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LeanNats.Bench;

/// <summary>Request and reply between two connections of one process, 128 bytes each way, beside the same with the official JavaScript client.</summary>
internal static class RoundTrips
{
    private const int Rounds = 3;
    private const int Warm = 3_000;
    private const int Sequential = 10_000;
    private const int InFlight = 64;
    private const int PerFlight = 1_000;

    public static async IAsyncEnumerable<Row> MeasureAsync(string url)
    {
        var (ours, theirs) = (new List<Result>(), new List<Result>());
        for (var round = 0; round < Rounds; round++)
        {
            ours.Add(await OursAsync(url));
            theirs.Add(await TheirsAsync(url));
        }

        var official = theirs.Min(result => result.P50);
        yield return new Row("official JavaScript client: round trip p50, best of 3", official, "us");
        yield return new Row("official JavaScript client: round trip p99, best of 3", theirs.Min(result => result.P99), "us");
        yield return new Row($"official JavaScript client: requests, {InFlight} in flight", theirs.Max(result => result.PerSecond), "/s");
        yield return new Row("LeanNats: round trip p50, best of 3", ours.Min(result => result.P50), "us") { Most = official };
        yield return new Row("LeanNats: round trip p99, best of 3", ours.Min(result => result.P99), "us");
        yield return new Row($"LeanNats: requests, {InFlight} in flight", ours.Max(result => result.PerSecond), "/s");
    }

    private static async Task<Result> OursAsync(string url)
    {
        await using var server = new NatsConnection(new NatsOpts { Url = url });
        await using var client = new NatsConnection(new NatsOpts { Url = url });
        await using var requests = await server.SubscribeCoreAsync("bench.echo");
        await server.FlushAsync();
        var serving = Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync()) await request.ReplyAsync(request.Data);
        });

        var payload = new byte[128];
        for (var i = 0; i < Warm; i++) await client.RequestAsync("bench.echo", payload);
        var times = new double[Sequential];
        for (var i = 0; i < Sequential; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            await client.RequestAsync("bench.echo", payload);
            times[i] = TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
        }

        var begin = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < PerFlight; i++) await client.RequestAsync("bench.echo", payload);
        })));
        var perSecond = InFlight * PerFlight / TimeProvider.System.GetElapsedTime(begin).TotalSeconds;
        await requests.DisposeAsync();
        await serving;
        Array.Sort(times);
        return new Result(times[Sequential / 2], times[Sequential * 99 / 100], perSecond);
    }

    private static async Task<Result> TheirsAsync(string url, [CallerFilePath] string file = "")
    {
        var clients = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "tests", "clients"));
        string[] numbers = [Warm.ToString(), Sequential.ToString(), InFlight.ToString(), PerFlight.ToString()];
        using var node = Process.Start(new ProcessStartInfo("node", ["nats/roundtrips.mjs", url, .. numbers])
        {
            WorkingDirectory = clients, RedirectStandardOutput = true, UseShellExecute = false,
        })!;
        var line = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        if (node.ExitCode != 0) throw new InvalidOperationException("The JavaScript client did not run; 'npm ci' in tests/clients installs it.");
        var result = JsonDocument.Parse(line).RootElement;
        return new Result(result.GetProperty("p50").GetDouble(), result.GetProperty("p99").GetDouble(), result.GetProperty("perSecond").GetDouble());
    }

    private sealed record Result(double P50, double P99, double PerSecond);
}
