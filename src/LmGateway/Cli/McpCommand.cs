using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway mcp</c>: what MCP clients start.</summary>
internal static class McpCommand
{
    public static Command Build(Func<LoadedSettings, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var command = new Command("mcp", "Serve MCP on standard input and output, for clients that start their servers themselves.");
        var settings = new SettingsOptions(command);
        // Its standard output is MCP's alone: what goes wrong is told on standard error.
        var output = new CommandOutput(surroundings, json: false);
        command.SetAction((parsed, cancellationToken) => CommandRun.RunAsync(output, () => serve(CommandRun.Require(settings.LoadFromHome(parsed, surroundings)), cancellationToken), CancellationToken.None));
        return command;
    }
}
