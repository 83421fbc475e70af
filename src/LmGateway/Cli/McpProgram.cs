using LmGateway.Api.Mcp;
using LmGateway.Api.Mcp.Stdio;
using LmGateway.Cli.Service;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Cli;

/// <summary>
/// Serves MCP on standard input and output until the client closes them: through the running service where one answers, so that loads stay
/// single, and by itself otherwise. Nothing but messages is ever written to standard output.
/// </summary>
internal static class McpProgram
{
    private static readonly string[] RoutingFiles = ["mcp.agents_path", "mcp.rules_path", "mcp.tags_path"];

    public static async Task<int> RunAsync(LoadedSettings settings, ServiceLocation service, CancellationToken cancellationToken)
    {
        await using var input = Console.OpenStandardInput();
        await using var output = Console.OpenStandardOutput();
        Console.SetOut(Console.Error);
        foreach (var warning in settings.Warnings) await Console.Error.WriteLineAsync($"lmgateway: {warning}");
        // Made while the service is looked for: clients are in a hurry, and a host that is not started does nothing.
        var making = Task.Run(() => GatewayHost.BuildForTools(settings.Options, TimeProvider.System), CancellationToken.None);
        var (bridge, why) = HasOwnRouting(settings)
            ? (null, "routing files are set for this client")
            : await FindAsync(settings.Options, service, cancellationToken);
        if (bridge is not null)
        {
            await Console.Error.WriteLineAsync($"lmgateway: MCP through the service at {bridge.Address}");
            using (bridge) await bridge.RunAsync(input, output, cancellationToken);
            await ((IAsyncDisposable)await making).DisposeAsync();
            return ExitCodes.Success;
        }

        await Console.Error.WriteLineAsync($"lmgateway: MCP served by this process itself ({why})");
        await ServeAsync(await making, input, output, cancellationToken);
        return ExitCodes.Success;
    }

    private static Task<(ServiceBridge? Bridge, string Why)> FindAsync(GatewayOptions options, ServiceLocation service, CancellationToken cancellationToken) =>
        service.IsNamed || options.Listen.Addresses.Any(address => address.Port != 0)
            ? ServiceBridge.FindAsync(service.Address, service.Key, options, TimeProvider.System, cancellationToken)
            : Task.FromResult<(ServiceBridge?, string)>((null, "no address of a service is configured"));

    /// <summary>Files that a client's configuration names are read by its own process, and by no other.</summary>
    private static bool HasOwnRouting(LoadedSettings settings) => RoutingFiles.Any(key => settings.Effective[key].Source.Layer is LayerKind.Environment or LayerKind.CommandLine);

    private static async Task ServeAsync(IHost host, Stream input, Stream output, CancellationToken cancellationToken)
    {
        await host.StartAsync(cancellationToken);
        try
        {
            await StdioServer.RunAsync(host.Services.GetRequiredService<McpServers>(), input, output, cancellationToken);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }
}
