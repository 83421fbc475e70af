using System.Net.WebSockets;
using LmStudio.Simulator.Lms.Commands;

namespace LmStudio.Simulator.Lms;

/// <summary>
/// A stand-in for LM Studio's <c>lms</c> program that manages a running simulator. Outputs and exit codes are those of the real one;
/// it never starts an app and has nobody to answer a prompt.
/// </summary>
public static class LmsProgram
{
    /// <summary>Runs one command line and returns its exit code.</summary>
    public static async Task<int> RunAsync(LmsInvocation invocation, CancellationToken cancellationToken)
    {
        var arguments = invocation.Arguments;
        var quiet = arguments.Contains("--quiet") || string.Join(' ', arguments).Contains("--log-level none", StringComparison.Ordinal);
        var terminal = new LmsTerminal(invocation.Output, invocation.Error, quiet);
        var context = new LmsContext(terminal, LmStudioHome.Find(invocation.Environment), invocation.Environment, invocation.TimeProvider);
        try
        {
            await DispatchAsync(context, [.. arguments], cancellationToken);
            return 0;
        }
        catch (LmsExit exit)
        {
            if (exit.Text is not null) terminal.Info(exit.Text);
            return 1;
        }
        catch (WebSocketException)
        {
            terminal.Info("Error: WebSocket connection closed");
            return 1;
        }
    }

    private static Task DispatchAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken) => arguments switch
    {
        ["server", .. var rest] => ServerCommand.RunAsync(context, rest, cancellationToken),
        ["daemon", .. var rest] => DaemonCommand.RunAsync(context, rest, cancellationToken),
        ["ls", .. var rest] => ListCommand.RunAsync(context, rest, cancellationToken),
        ["ps", .. var rest] => ProcessesCommand.RunAsync(context, rest, cancellationToken),
        ["load", .. var rest] => LoadCommand.RunAsync(context, rest, cancellationToken),
        ["unload", .. var rest] => UnloadCommand.RunAsync(context, rest, cancellationToken),
        ["get", .. var rest] => GetCommand.RunAsync(context, rest, cancellationToken),
        ["import", .. var rest] => ImportCommand.RunAsync(context, rest),
        ["status", .. var rest] => StatusCommand.RunAsync(context, rest, cancellationToken),
        ["runtime", "ls", .. var rest] => RuntimeCommand.RunAsync(context, rest, cancellationToken),
        ["log", "stream", .. var rest] => LogCommand.RunAsync(context, rest, cancellationToken),
        ["version", .. var rest] => VersionCommand.RunAsync(context, rest),
        ["--version" or "-v"] => VersionCommand.RunAsync(context, []),
        [] => throw LmsExit.Usage("missing command"),
        [var unknown, ..] => throw LmsExit.Usage($"unknown command '{unknown}'"),
    };
}
