using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway mcp</c>: what MCP clients start.</summary>
internal static class McpCommand
{
    public static Command Build(Func<LoadedSettings, ServiceLocation, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var command = new Command("mcp", "Serve MCP on standard input and output, for clients that start their servers themselves.");
        var (url, key) = (ServiceOptions.UrlOption(), ServiceOptions.KeyOption());
        command.Options.Add(url);
        command.Options.Add(key);
        var settings = new SettingsOptions(command);
        // Its standard output is MCP's alone: what goes wrong is told on standard error.
        var output = new CommandOutput(surroundings, json: false);
        command.SetAction((parsed, cancellationToken) => CommandRun.RunAsync(output, () =>
        {
            var loaded = CommandRun.Require(settings.LoadFromHome(parsed, surroundings));
            return serve(loaded, ServiceLocation.Of(loaded.Options, parsed.GetValue(url), parsed.GetValue(key), surroundings), cancellationToken);
        }, CancellationToken.None));
        return command;
    }
}
