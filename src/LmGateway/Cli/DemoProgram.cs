using LmGateway.Configuration;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;

namespace LmGateway.Cli;

/// <summary>Serves a simulator in the same process. Apart from <see cref="ServeProgram"/>, so that only a demo loads the simulator.</summary>
internal static class DemoProgram
{
    public static async Task<int> RunAsync(ServeSettings settings, Func<ServeSettings, Task<int>> serve, CancellationToken cancellationToken)
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: cancellationToken);
        var state = Directory.CreateTempSubdirectory("lmgateway-demo-");
        try
        {
            return await serve(settings with { Loaded = ForDemo(settings.Loaded), Origin = settings.Origin is { } origin ? origin with { Adapt = ForDemo } : null });
        }
        finally
        {
            state.Delete(recursive: true);
        }

        LoadedSettings ForDemo(LoadedSettings loaded)
        {
            var demo = loaded.WithSimulatorAt(simulator.Address.ToString().TrimEnd('/'));
            return demo with { Options = Apart(demo.Options, simulator) with { StateDir = state.FullName } };
        }
    }

    /// <summary>
    /// A demo answers only on a NATS server that was named, not on whatever server runs on this machine, and never touches the models of a
    /// real LM Studio.
    /// </summary>
    private static GatewayOptions Apart(GatewayOptions options, SimulatorServer simulator) => options with
    {
        Nats = options.Nats.IsConfigured ? options.Nats : options.Nats with { Url = NatsOptions.Off },
        LmStudio = options.LmStudio with { ModelsDir = simulator.State.Models.Root },
    };
}
