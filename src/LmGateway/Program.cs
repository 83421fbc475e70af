using LmStudio.Simulator;

namespace LmGateway;

/// <summary>The composition root.</summary>
internal static class Program
{
    private static Task<int> Main(string[] args) =>
        args is ["simulate", .. var rest] ? SimulateCommand.RunAsync(rest, CancellationToken.None) : Task.FromResult(0);
}
