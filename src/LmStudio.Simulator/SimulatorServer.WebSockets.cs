using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets;
using Microsoft.AspNetCore.Builder;

namespace LmStudio.Simulator;

public sealed partial class SimulatorServer
{
    static partial void MapWebSockets(WebApplication app, SimulatedLmStudio state) => SimulatorWebSockets.Use(app, state);

    /// <summary>Completes when a client asks the app to shut down, or the server stops for another reason.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_app.Lifetime.ApplicationStopping, cancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
