using System.Collections;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using LmStudio.Simulator.Lms;

namespace LmStudio.Simulator;

/// <summary><c>simulate</c>: a simulated LM Studio as a program of its own; <c>simulate lms …</c> is the stand-in for LM Studio's <c>lms</c>.</summary>
public static class SimulateCommand
{
    private const int UsageError = 2;

    /// <summary>Runs until it is stopped, its parent ends or a client shuts it down; returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        await using var output = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true };
        await using var error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = StopOn(PosixSignal.SIGINT, stop);
        using var terminate = StopOn(PosixSignal.SIGTERM, stop);
        try
        {
            if (arguments is ["lms", ..]) return await RunLmsAsync([.. arguments.Skip(1)], output, error, stop.Token);
            await ServeAsync(SimulateArguments.Parse(arguments), output, stop.Token);
            return 0;
        }
        catch (FormatException exception)
        {
            await error.WriteLineAsync(exception.Message);
            return UsageError;
        }
        catch (IOException exception)
        {
            await error.WriteLineAsync($"simulate: {exception.Message}");
            return 1;
        }
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });

    private static async Task ServeAsync(SimulateArguments arguments, TextWriter output, CancellationToken cancellationToken)
    {
        await using var server = await SimulatorServer.StartAsync(arguments.Options, arguments.Port, cancellationToken);
        if (arguments.Home is { } home) new LmStudioHome(home).Write(server.Address.Port, server.State.Models.Root);
        await output.WriteLineAsync($"LM Studio simulator listening on {server.Address.GetLeftPart(UriPartial.Authority)}");
        List<Task> ends = [server.WaitForShutdownAsync(cancellationToken)];
        if (arguments.ParentPid is { } parent) ends.AddRange([ParentEndsAsync(parent, cancellationToken), InputEndsAsync(cancellationToken)]);
        await Task.WhenAny(ends); // The others end with the process: nothing can interrupt a read of standard input.
    }

    private static async Task ParentEndsAsync(int pid, CancellationToken cancellationToken)
    {
        try
        {
            using var parent = Process.GetProcessById(pid);
            await parent.WaitForExitAsync(cancellationToken);
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }

    private static async Task InputEndsAsync(CancellationToken cancellationToken)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }

    private static async Task<int> RunLmsAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.OrdinalIgnoreCase);
        try
        {
            var invocation = new LmsInvocation { Arguments = arguments, Output = output, Error = error, Environment = environment };
            return await LmsProgram.RunAsync(invocation, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return arguments is ["log", ..] ? 0 : 1;
        }
    }
}
