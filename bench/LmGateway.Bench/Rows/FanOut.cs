using System.Text.Json;
using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>What a request waits longer while 1,000 readers follow every event of the service, 100 of whom have stopped reading.</summary>
internal static class FanOut
{
    private const int Readers = 1000;
    private const int Stalled = 100;
    private const int RequestsPerSecond = 20;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using var gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend)));
        var asking = new LoadPlan(8) { Body = Bodies.Chat(), Seconds = run.Quick ? 3 : 10, Rate = RequestsPerSecond };
        await Load.RunAsync(gateway, new LoadPlan(8) { Body = Bodies.Chat(), Requests = 5000 });
        var quiet = await Load.RunAsync(gateway, asking);

        using var readers = Load.Start(gateway, new LoadPlan(Readers) { Path = "/debug/stream", Subscribe = true, Stalled = Stalled, Seconds = asking.Seconds + 3 });
        while (!(await Http.GetTextAsync(gateway.Port, "/metrics", [.. gateway.Plan.Headers])).Contains($"lmgateway_event_subscribers {Readers}\n", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        var watched = await Load.RunAsync(gateway, asking);
        var delivered = JsonSerializer.Deserialize(await readers.StandardOutput.ReadToEndAsync(), LoadJson.Default.LoadResult)!.Events;
        await readers.WaitForExitAsync();

        yield return new Figure($"added time to a request, {Readers:N0} readers of events of whom {Stalled} have stalled, p50", (watched.P50Us - quiet.P50Us) / 1000, "ms") { Most = 1, Beside = $"{Figure.Text(quiet.P50Us)} us without, {Figure.Text(watched.P50Us)} us with" };
        yield return new Figure("the same, p99", (watched.P99Us - quiet.P99Us) / 1000, "ms") { Beside = $"{Figure.Text(quiet.P99Us)} us without, {Figure.Text(watched.P99Us)} us with" };
        yield return new Figure("events per request that each reader got", (double)delivered / (Readers - Stalled) / watched.Requests, "") { Least = 3 };
    }
}
