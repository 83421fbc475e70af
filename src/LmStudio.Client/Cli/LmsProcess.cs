using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace LmStudio.Client.Cli;

/// <summary>What one run of the program left behind.</summary>
internal sealed record LmsRun(int ExitCode, string Output, string Errors);

/// <summary>
/// Runs the program once: no input, no colours, an end in bounded time. On expiry or cancellation the whole process tree is killed.
/// </summary>
internal sealed class LmsProcess(string program, IReadOnlyList<string> arguments, TimeProvider time)
{
    private const int MaxOutputCharacters = 8 * 1024 * 1024;
    private static readonly TimeSpan AfterKill = TimeSpan.FromSeconds(5);

    /// <summary>The limit for the whole run, or, when each output starts it anew, for the longest silence.</summary>
    public required TimeSpan Limit { get; init; }

    /// <summary>Whether output shows that the program is at work, so that the limit starts anew.</summary>
    public bool OutputExtendsLimit { get; init; }

    /// <summary>Told each piece of standard output as it comes.</summary>
    public Action<string>? OnOutput { get; init; }

    /// <summary>Told each piece of standard error as it comes.</summary>
    public Action<string>? OnErrors { get; init; }

    public async Task<LmsRun> RunAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Start();
        using var deadline = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var output = ReadAsync(process.StandardOutput, deadline, OnOutput, either.Token);
        var errors = ReadAsync(process.StandardError, deadline, OnErrors, either.Token);
        try
        {
            process.StandardInput.Close();
            await Task.WhenAll(output, errors).ConfigureAwait(false);
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
            return new LmsRun(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (Exception e)
        {
            await KillAsync(process).ConfigureAwait(false);
            await ((Task)Task.WhenAll(output, errors)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new LmsException(LmsFailure.TimedOut, $"'lms {string.Join(' ', arguments)}' did not end within {Limit.TotalSeconds:0.###} s and was killed.");
            throw;
        }
    }

    private Process Start()
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        info.Environment["NO_COLOR"] = "1";
        info.Environment["FORCE_COLOR"] = "0";
        try
        {
            return Process.Start(info)!;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw new LmsException(LmsFailure.NotInstalled, $"The lms program at {program} cannot be started: {e.Message}", innerException: e);
        }
    }

    private async Task<string> ReadAsync(StreamReader reader, CancellationTokenSource deadline, Action<string>? onOutput, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            var piece = new string(buffer, 0, count);
            text.Append(piece);
            // The end counts: a progress bar piles up, and what matters comes last.
            if (text.Length > MaxOutputCharacters) text.Remove(0, text.Length - (MaxOutputCharacters / 2));
            if (OutputExtendsLimit) deadline.CancelAfter(Limit);
            onOutput?.Invoke(piece);
        }

        return text.ToString();
    }

    private async Task KillAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            using var limit = new CancellationTokenSource(AfterKill, time);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException or AggregateException or OperationCanceledException)
        {
            // It ended by itself, or the system will see to it.
        }
    }
}
