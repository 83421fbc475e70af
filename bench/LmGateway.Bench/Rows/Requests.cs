using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>Small requests that are not streamed: their CPU time, how many there are in a second, and what one of them waits.</summary>
internal static class Requests
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var rig = await Yardsticks.StartAsync(portkey: true);
        var busy = await Comparison.RunAsync(run, At(run, 64), rig.Backend, rig.Nginx, rig.Gateway, rig.Forwarder, rig.Portkey!);
        yield return new Figure("CPU per request, 64 connections, against nginx", busy.Ratio("lmgateway", "nginx", Cpu), "x") { Most = 1.6, Beside = busy.Beside(Cpu, "us") };
        yield return new Figure("requests per second, 64 connections, against nginx", 100 * busy.Ratio("lmgateway", "nginx", PerSecond), "%") { Least = 55, Beside = busy.Beside(PerSecond, "/s") };
        yield return new Figure("requests per second, 64 connections, against Portkey", busy.Ratio("lmgateway", "portkey", PerSecond), "x") { Least = 20 };

        var alone = await Comparison.RunAsync(run, At(run, 1), rig.Backend, rig.Nginx, rig.Gateway, rig.Forwarder);
        yield return new Figure("added latency over nginx, 1 connection, p50", alone.Difference("lmgateway", "nginx", result => result.P50Us), "us") { Most = 60, Beside = alone.Beside(result => result.P50Us, "us") };
        yield return new Figure("latency, 1 connection, p99", alone.Median("lmgateway", result => result.P99Us), "us") { Beside = alone.Beside(result => result.P99Us, "us") };
        yield return new Figure("requests per second, 1 connection", alone.Median("lmgateway", PerSecond), "/s") { Beside = alone.Beside(PerSecond, "/s") };

        foreach (var connections in new[] { 16, 256 })
        {
            var many = await Comparison.RunAsync(run, At(run, connections), rig.Backend, rig.Nginx, rig.Gateway, rig.Forwarder);
            yield return new Figure($"requests per second, {connections} connections", many.Median("lmgateway", PerSecond), "/s") { Beside = many.Beside(PerSecond, "/s") };
        }
    }

    private static LoadPlan At(Run run, int connections) => new(connections) { Seconds = run.Seconds, Body = Bodies.Chat() };

    private static double Cpu(LoadResult result) => result.CpuPerRequestUs;

    private static double PerSecond(LoadResult result) => result.PerSecond;
}
