using System.Collections;
using LmGateway.Cli.Output;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.Lms;

namespace LmGateway.Cli;

/// <summary>Runs the simulator alone, and its stand-in for the <c>lms</c> program.</summary>
internal static class SimulateProgram
{
    public static async Task<int> RunAsync(SimulateSettings settings, CommandOutput output, CancellationToken cancellationToken)
    {
        SimulatorServer simulator;
        try
        {
            simulator = await SimulatorServer.StartAsync(Options(settings), settings.Port, cancellationToken);
        }
        catch (IOException fault)
        {
            return output.Fail(new CommandFailure("cannot_listen", fault.Message) { Next = "Choose another port with --port, or 0 for a free one." });
        }

        await using (simulator)
        {
            if (settings.Home is { } home) new LmStudioHome(home).Write(simulator.Address.Port, simulator.State.Models.Root);
            var address = simulator.Address.ToString().TrimEnd('/');
            if (output.Json) output.DocumentLine(writer => writer.WriteString("listening", address));
            else output.Lines(writer => writer.WriteLine($"LM Studio simulator listening on {address}"));
            await simulator.WaitForShutdownAsync(cancellationToken);
        }

        return ExitCodes.Success;
    }

    /// <summary>The stand-in for LM Studio's own program, with the arguments after <c>simulate lms</c>.</summary>
    public static async Task<int> RunLmsAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.OrdinalIgnoreCase);
        try
        {
            return await LmsProgram.RunAsync(new LmsInvocation { Arguments = arguments, Output = Console.Out, Error = Console.Error, Environment = environment }, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return arguments is ["log", ..] ? ExitCodes.Success : ExitCodes.Failed;
        }
    }

    private static SimulatorOptions Options(SimulateSettings settings)
    {
        var options = new SimulatorOptions { ModelsDirectory = settings.ModelsDir, ExtraModels = settings.Models, ApiToken = settings.ApiToken };
        if (settings.LoadTimeMs is { } load) options = options with { LoadTime = TimeSpan.FromMilliseconds(load) };
        if (settings.TokensPerSecond is { } pace) options = options with { TokensPerSecond = pace };
        if (settings.TimeToFirstTokenMs is { } first) options = options with { TimeToFirstToken = TimeSpan.FromMilliseconds(first) };
        if (settings.Parallel is { } parallel) options = options with { ParallelSessions = parallel };
        if (settings.DownloadTimeMs is { } download) options = options with { DownloadTime = TimeSpan.FromMilliseconds(download) };
        if (settings.MemoryModels is { } models) options = options with { MemoryModels = models };
        return options;
    }
}
