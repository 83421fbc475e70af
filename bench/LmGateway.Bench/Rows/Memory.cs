using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>Memory at rest, under load, for one stream that says nothing, and over time.</summary>
internal static class Memory
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using (var gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend))))
        {
            await Load.RunAsync(gateway, new LoadPlan(1) { Requests = 10, Body = Bodies.Chat() });
            await Task.Delay(TimeSpan.FromSeconds(run.Quick ? 2 : 10), TimeProvider.System);
            var idle = gateway.Mebibytes;
            yield return new Figure("memory, idle", idle, "MiB") { Most = 80 };
            yield return new Figure("memory, 512 streams of 64 events every 20 ms, highest", await HighestAsync(gateway, 512, Bodies.Stream(64, 20), 64), "MiB") { Most = 150 };

            const int silent = 500;
            var before = gateway.Mebibytes;
            var during = await HighestAsync(gateway, silent, Bodies.Stream(2, 3000), 2);
            yield return new Figure("memory for one silent stream", Math.Max(0, during - before) * 1024 / silent, "KiB") { Beside = $"{silent} streams: {Figure.Text(before)} to {Figure.Text(during)} MiB" };
        }

        await foreach (var figure in GrowthAsync(run, backend)) yield return figure;
    }

    private static async IAsyncEnumerable<Figure> GrowthAsync(Run run, Server backend)
    {
        await using var gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend)));
        var (minutes, slice) = (run.Long ? 10 : run.Quick ? 0.5 : 2, 2.0);
        List<double> seen = [];
        for (var begun = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(begun).TotalMinutes < minutes;)
        {
            await Load.RunAsync(gateway, new LoadPlan(64) { Seconds = slice / 2, Body = Bodies.Chat() });
            await Load.RunAsync(gateway, new LoadPlan(64) { Seconds = slice / 2, Body = Bodies.Stream(20, 5), Events = 20 });
            seen.Add(gateway.Mebibytes);
        }

        // The runtime takes what it needs in the beginning; what matters is whether it goes on taking.
        var third = seen.Count / 3;
        var (middle, last) = (seen.Skip(third).Take(third).Average(), seen.TakeLast(third).Average());
        yield return new Figure($"memory, growth from the middle to the last third of {minutes:0.#} min under load", 100 * ((last / middle) - 1), "%") { Most = 5, Beside = $"{Figure.Text(seen[0])}, {Figure.Text(middle)}, {Figure.Text(last)} MiB" };
    }

    private static async Task<double> HighestAsync(Server gateway, int streams, string body, int events)
    {
        var highest = 0.0;
        var load = Load.RunAsync(gateway, new LoadPlan(streams) { Requests = streams, Body = body, Events = events });
        while (!load.IsCompleted)
        {
            highest = Math.Max(highest, gateway.Mebibytes);
            await Task.WhenAny(load, Task.Delay(Look, TimeProvider.System));
        }

        await load;
        return highest;
    }
}
