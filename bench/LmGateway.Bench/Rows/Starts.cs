using LmGateway.Bench.Rig;

namespace LmGateway.Bench.Rows;

/// <summary>From starting the program to its first answer to a request for inference.</summary>
internal static class Starts
{
    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        await using var backend = await Server.StartAsync(Plans.Backend());
        yield return await OfAsync(run, "published", 0.5, () => Plans.Gateway(Plans.OpenAi(backend)));
        yield return await OfAsync(run, "dotnet run, already built", 2.5, () => Plans.Gateway(Plans.OpenAi(backend)) with
        {
            Program = "dotnet",
            Arguments = ["run", "--project", Path.Combine(Paths.Repository, "src", "LmGateway"), "--", "serve"],
        });
    }

    private static async Task<Figure> OfAsync(Run run, string name, double most, Func<ServerPlan> plan)
    {
        List<double> times = [];
        for (var round = 0; round < run.Starts; round++)
        {
            await using var gateway = await Server.StartAsync(plan() with { ReadyBody = Bodies.Chat(), ReadyPath = "/v1/chat/completions" });
            if (round > 0) times.Add(gateway.StartTime.TotalSeconds);
        }

        times.Sort();
        return new Figure($"start to first answered request, {name}", times[times.Count / 2], "s") { Most = most, Beside = $"{Figure.Text(times[0])} to {Figure.Text(times[^1])} s" };
    }
}
