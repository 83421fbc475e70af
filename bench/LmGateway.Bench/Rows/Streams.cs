using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>Streams: what a token costs, how late the first one is, and whether every one of them arrives in time and in order.</summary>
internal static class Streams
{
    private const int Tokens = 64;
    private const int PaceMs = 20;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var rig = await Yardsticks.StartAsync();

        // Spread over the time that a stream takes, as callers are who do not know of each other.
        var first = await Comparison.RunAsync(run, new LoadPlan(64) { Seconds = 2 * run.Seconds, Body = Bodies.Stream(20, 10), Events = 20, RampMs = 200 }, rig.Backend, rig.Nginx, rig.Gateway, rig.Forwarder);
        yield return new Figure("added time to first token, 64 streams, p99", first.Difference("lmgateway", "backend", FirstP99) / 1000, "ms") { Most = 1, Beside = first.Beside(FirstP99, "us") };
        yield return new Figure("time to first token, 64 streams, p50", first.Median("lmgateway", FirstP50), "us") { Beside = first.Beside(FirstP50, "us") };

        var paced = await Comparison.RunAsync(run, new LoadPlan(500) { Requests = 500, Body = Bodies.Stream(run.Quick ? 40 : 75, 40), Events = run.Quick ? 40 : 75, RampMs = 40 }, rig.Nginx, rig.Gateway, rig.Forwarder);
        yield return new Figure("CPU per token, 500 streams at 25 tokens per second, against nginx", paced.Ratio("lmgateway", "nginx", Cpu), "x") { Most = 1.8, Beside = paced.Beside(Cpu, "us") };

        foreach (var streams in new[] { 1, 64, 512 })
        {
            var plan = new LoadPlan(streams) { Requests = streams, Body = Bodies.Stream(Tokens, PaceMs), Events = Tokens };
            var together = await Comparison.RunAsync(run, plan, rig.Backend, rig.Gateway);
            var lost = together.Of("lmgateway").Sum(result => ((long)streams * Tokens) - result.Events + result.Disorder);
            yield return new Figure($"{streams} x {Tokens} events: missing or out of order", lost, "") { Most = 0 };
            yield return new Figure($"{streams} x {Tokens} events every {PaceMs} ms: longest gap", together.Of("lmgateway").Max(Gap) / 1000, "ms") { Most = 10 * PaceMs, Beside = together.Beside(Gap, "us") };
        }
    }

    private static double Cpu(LoadResult result) => result.CpuPerEventUs;

    private static double FirstP50(LoadResult result) => result.FirstP50Us;

    private static double FirstP99(LoadResult result) => result.FirstP99Us;

    private static double Gap(LoadResult result) => result.LongestGapUs;
}
