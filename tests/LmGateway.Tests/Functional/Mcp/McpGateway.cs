using LmGateway.Configuration;
using LmStudio.Simulator.Engine;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>The service with the simulated LM Studio as the backend of the tools, and a caller in front of it.</summary>
internal sealed class McpGateway : IAsyncDisposable
{
    private McpGateway(GatewayUnderTest gateway) => (Gateway, Mcp) = (gateway, new McpCaller(gateway.Http));

    public GatewayUnderTest Gateway { get; }

    public McpCaller Mcp { get; }

    public McpCaller Old => new(Gateway.Http, McpCaller.Older);

    public CounterSnapshot Counters => Gateway.Simulator.State.Counters.Snapshot();

    public static async Task<McpGateway> StartAsync(
        Func<SimulatorOptions, SimulatorOptions>? simulate = null, Func<GatewayOptions, GatewayOptions>? configure = null, Action<SimulatedLmStudio>? prepare = null) =>
        new(await GatewayUnderTest.StartAsync(simulate, options => Configure(configure, options), prepare));

    /// <summary>The service knows where the models' files are.</summary>
    public static Task<McpGateway> StartWithFilesAsync()
    {
        var folder = "";
        return StartAsync(configure: options => options with { LmStudio = options.LmStudio with { ModelsDir = folder } }, prepare: lmStudio => folder = lmStudio.Models.Root);
    }

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    private static GatewayOptions Configure(Func<GatewayOptions, GatewayOptions>? configure, GatewayOptions options)
    {
        var usual = options with { BringUp = options.BringUp with { Backend = BringUpOptions.LmStudio } };
        return configure?.Invoke(usual) ?? usual;
    }
}
