using LmGateway.Cli;

namespace LmGateway;

/// <summary>Where the program begins: it says what each command does, and nothing else.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => CommandLine.RunAsync(arguments, new CommandHandlers
    {
        Serve = ServeProgram.RunAsync,
        Mcp = McpProgram.RunAsync,
        Simulate = SimulateProgram.RunAsync,
        SimulateLms = SimulateProgram.RunLmsAsync,
    });
}
