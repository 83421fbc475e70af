using System.Net;
using LmGateway.Bench.Rig;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;

namespace LmGateway.Bench.Rows;

/// <summary>64 first requests at once for a model that is not loaded: the simulated LM Studio counts the loads.</summary>
internal static class ColdModels
{
    private const string Model = "qwen2-1.5b-instruct";
    private const int Callers = 64;

    public static async IAsyncEnumerable<Figure> MeasureAsync(Run run)
    {
        var times = run.Quick ? 50 : 1000;
        await using var studio = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(5), TokensPerSecond = 0, ParallelSessions = 64 });
        await using var gateway = await Server.StartAsync(Plans.Gateway($"studio=lmstudio@{studio.Address.ToString().TrimEnd('/')}"));
        var (once, began) = (0, TimeProvider.System.GetTimestamp());
        for (var time = 0; time < times; time++)
        {
            await Load.RunAsync(gateway, new LoadPlan(Callers) { Requests = Callers, Body = Bodies.Short(Model) });
            if (studio.State.Counters.Snapshot() is { LoadsStarted: 1, LoadsCompleted: 1 }) once++;
            await Http.PostAsync(gateway.Port, "/admin/models/unload", $$"""{"modelKey":"{{Model}}"}""", [.. gateway.Plan.Headers]);
            studio.State.Counters.Reset();
        }

        yield return new Figure($"{Callers} requests at once for a cold model: exactly 1 load, of {times} times", once, "times")
        {
            Least = times, Most = times, Beside = $"{Figure.Text(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds / times)} ms each, with load and unload",
        };
    }
}
