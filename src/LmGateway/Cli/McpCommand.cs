using System.CommandLine;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway mcp</c>: what MCP clients start.</summary>
internal static class McpCommand
{
    public static Command Build(Func<LoadedSettings, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var command = new Command("mcp", "Serve MCP on standard input and output, for clients that start their servers themselves.");
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = settings.LoadFromHome(parsed, surroundings);
            if (loaded.Errors.Count == 0) return await serve(loaded, cancellationToken);
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
        return command;
    }
}
