namespace LmGateway.Bench.Rig;

/// <summary>
/// Loads a server until what it does has become as cheap as it will be: a runtime that compiles what is used most, while it serves, needs half a minute for
/// it on a machine that is busy with the load itself. Every server is treated alike, once for each kind of request.
/// </summary>
internal static class WarmUp
{
    private const int Connections = 64;
    private const double Seconds = 2;

    /// <summary>So many slices in a row that are not noticeably cheaper than the cheapest one before.</summary>
    private const int Steady = 5;

    private const int MostSlices = 25;
    private const double Noticeably = 0.98;

    public static async Task RunAsync(Server server, LoadPlan plan)
    {
        if (!server.Warmed.Add($"{plan.Path} {plan.Events > 0}")) return;
        var slice = plan with { Connections = Math.Max(plan.Connections, Connections), Seconds = plan.Requests > 0 ? plan.Seconds : Seconds };
        var cheapest = double.PositiveInfinity;
        for (var (run, steady) = (0, 0); run < MostSlices && steady < Steady; run++)
        {
            var result = await Load.RunAsync(server, slice);
            var cost = result.ServerCpu / Math.Max(result.Requests, result.Events);
            steady = cost < Noticeably * cheapest ? 0 : steady + 1;
            cheapest = Math.Min(cheapest, cost);
        }
    }
}
