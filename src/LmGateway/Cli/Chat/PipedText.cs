using LmGateway.Cli.Service;

namespace LmGateway.Cli.Chat;

/// <summary>
/// What is piped in. Runners of jobs, remote shells and editors leave a pipe open into which nobody ever writes; beside a prompt, input that
/// has not begun after a short wait is therefore no input, unless it was asked for.
/// </summary>
internal static class PipedText
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>All of it, without blanks around it; empty where nobody pipes.</summary>
    /// <param name="call">The command.</param>
    /// <param name="isAwaited">It is waited for until its end, however long that takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<string> ReadAsync(ServiceCall call, bool isAwaited, CancellationToken cancellationToken)
    {
        if (call.Surroundings.InIsTerminal) return "";
        var input = call.Surroundings.In;
        // Nothing can take back a read from a pipe: whoever leaves leaves it behind, and the end of the process ends it.
        var first = Task.Run(input.Read, CancellationToken.None);
        try
        {
            if (await first.WaitAsync(isAwaited ? Timeout.InfiniteTimeSpan : Patience, call.Surroundings.Time, cancellationToken) is var letter and >= 0)
                return ((char)letter + await Task.Run(input.ReadToEnd, CancellationToken.None).WaitAsync(cancellationToken)).Trim();
        }
        catch (TimeoutException)
        {
            call.Output.Note($"Nothing came from standard input within {Patience.TotalSeconds:0} s; going on without it. --stdin waits for it.");
        }

        return "";
    }
}
