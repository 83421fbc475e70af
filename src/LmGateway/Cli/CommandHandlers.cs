using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>What the commands do, given by the composition root. Each returns the exit code and ends when its token is cancelled.</summary>
internal sealed record CommandHandlers
{
    public required Func<ServeSettings, CommandOutput, CancellationToken, Task<int>> Serve { get; init; }

    /// <summary>MCP over standard input and output, through the service where one answers at the place.</summary>
    public required Func<LoadedSettings, ServiceLocation, CancellationToken, Task<int>> Mcp { get; init; }

    public required Func<SimulateSettings, CommandOutput, CancellationToken, Task<int>> Simulate { get; init; }

    /// <summary>The stand-in for the <c>lms</c> program, with the arguments after <c>simulate lms</c>.</summary>
    public required Func<IReadOnlyList<string>, CancellationToken, Task<int>> SimulateLms { get; init; }
}
