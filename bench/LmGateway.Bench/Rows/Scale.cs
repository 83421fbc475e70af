using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>What a request costs as connections, models and backends become many; and that connections to a backend are used again.</summary>
internal static class Scale
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await foreach (var figure in ConnectionsAsync(run)) yield return figure;
        await foreach (var figure in CatalogAsync(run)) yield return figure;
        await foreach (var figure in ReuseAsync()) yield return figure;
    }

    private static async IAsyncEnumerable<Figure> ConnectionsAsync(Run run)
    {
        await using var rig = await Yardsticks.StartAsync();
        var costs = new Dictionary<int, double>();
        foreach (var connections in new[] { 1, 16, 64, 256, 512 })
        {
            var comparison = await Comparison.RunAsync(run, Plan(run, connections), rig.Nginx, rig.Gateway);
            costs[connections] = comparison.Ratio("lmgateway", "nginx", Cpu);
            yield return new Figure($"CPU per request, {connections} connections", comparison.Median("lmgateway", Cpu), "us") { Beside = comparison.Beside(Cpu, "us") };
        }

        yield return new Figure("CPU per request against nginx: the dearest number of connections over that of 64", costs.Values.Max() / costs[64], "x") { Most = 1.3 };
    }

    private static async IAsyncEnumerable<Figure> CatalogAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using var rich = await Server.StartAsync(Plans.Backend(models: 1000));
        await using var one = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend)) with { Name = "1 model" });
        await using var thousand = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(rich)) with { Name = "1,000 models" });
        await using var fifty = await Server.StartAsync(Plans.Gateway([.. Enumerable.Range(1, 50).Select(host => Plans.OpenAi(backend, host))]) with { Name = "50 backends" });
        var comparison = await Comparison.RunAsync(run, Plan(run, 64), one, thousand, fifty);
        yield return new Figure("CPU per request, 1,000 models over 1", comparison.Ratio("1,000 models", "1 model", Cpu), "x") { Most = 1.15, Beside = comparison.Beside(Cpu, "us") };
        yield return new Figure("CPU per request, 50 backends over 1", comparison.Ratio("50 backends", "1 model", Cpu), "x") { Most = 1.15, Beside = comparison.Beside(Cpu, "us") };
    }

    private static async IAsyncEnumerable<Figure> ReuseAsync()
    {
        const int requests = 10_000, connections = 64;
        await using var backend = await Server.StartAsync(Plans.Backend());
        await using var gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend)));
        await Load.RunAsync(gateway, new LoadPlan(connections) { Requests = requests, Body = Bodies.Chat() });
        var opened = (await Http.GetAsync(backend.Port, "/bench/state")).GetProperty("connections").GetInt32();
        yield return new Figure($"connections opened to the backend for {requests:N0} requests on {connections} connections", opened, "") { Most = 2 * connections };
    }

    private static LoadPlan Plan(Run run, int connections) => new(connections) { Seconds = run.Seconds, Body = Bodies.Chat() };

    private static double Cpu(LoadResult result) => result.CpuPerRequestUs;
}
