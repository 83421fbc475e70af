using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>Prompts of 256 KiB.</summary>
internal static class BigPrompts
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var rig = await Yardsticks.StartAsync();
        var big = await Comparison.RunAsync(run, new LoadPlan(8) { Seconds = run.Seconds, Body = Bodies.Big(256) }, rig.Backend, rig.Nginx, rig.Gateway, rig.Forwarder);
        yield return new Figure("CPU per request with a prompt of 256 KiB, against nginx", big.Ratio("lmgateway", "nginx", Cpu), "x") { Most = 3.5, Beside = big.Beside(Cpu, "us") };
        yield return new Figure("latency with a prompt of 256 KiB, 8 connections, p50", big.Median("lmgateway", result => result.P50Us), "us") { Beside = big.Beside(result => result.P50Us, "us") };
    }

    private static double Cpu(LoadResult result) => result.CpuPerRequestUs;
}
