using LmGateway.Api.Http;
using LmGateway.Scheduling;
using LmStudio.Simulator.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace LmGateway.Tests.Functional;

/// <summary>What must hold when every request of a test has ended, however it ended.</summary>
internal static class Aftermath
{
    public static SchedulerState Scheduling(this GatewayUnderTest gateway) => gateway.Services.GetRequiredService<Scheduler>().View();

    public static CounterSnapshot Counters(this GatewayUnderTest gateway) => gateway.Simulator.State.Counters.Snapshot();

    /// <summary>Requests that run or wait now, as the scheduler sees them.</summary>
    public static int Waiting(this GatewayUnderTest gateway) => gateway.Scheduling().Waiting.Sum(model => model.Requests);

    public static int Running(this GatewayUnderTest gateway) => gateway.Scheduling().Instances.Sum(instance => instance.Running);

    /// <summary>Nothing runs, waits, loads or is held, neither in the gateway nor, where it is simulated, in the backend.</summary>
    public static async Task NothingIsLeftAsync(this GatewayUnderTest gateway, SimulatedLmStudio? studio = null)
    {
        studio ??= gateway.Simulator?.State;
        var budget = gateway.Services.GetRequiredService<BodyBudget>();
        if (studio is not null)
        {
            await Eventually.TrueAsync(() => studio.Counters.OpenStreams == 0, "no generation is left open in the backend");
            await Eventually.TrueAsync(() => studio.Counters.Snapshot().OpenRequests == 0, "no request is left open in the backend");
        }

        await Eventually.TrueAsync(() => budget.Held == 0, "no body is held");
        await Eventually.TrueAsync(() => gateway.Running() == 0, "no instance is held");
        await Eventually.TrueAsync(() => gateway.Waiting() == 0, "nobody waits");
        await Eventually.TrueAsync(() => gateway.Scheduling().Loads.Count == 0, "nothing loads");
    }
}
