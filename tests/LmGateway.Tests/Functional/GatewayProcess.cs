using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>The real program, started as people start it.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private const string Listening = "  listening  ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly ConcurrentQueue<string> errors = new();
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GatewayProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) address.TrySetException(new InvalidOperationException($"It ended before it listened: {Errors}"));
            else if (line.Data.StartsWith(Listening, StringComparison.Ordinal)) address.TrySetResult(new Uri(line.Data[Listening.Length..].Split(',')[0]));
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null) errors.Enqueue(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; } = new() { Timeout = Patience };

    /// <summary>What it wrote on standard error, where the log is.</summary>
    public string Errors => string.Join('\n', errors);

    /// <summary>Starts it with these arguments and returns when it listens. Its state lies in the folder.</summary>
    public static Task<GatewayProcess> StartAsync(string stateFolder, params IEnumerable<string> arguments) => StartAsync(stateFolder, new Dictionary<string, string>(), arguments);

    /// <summary>The same with further names in its environment.</summary>
    public static async Task<GatewayProcess> StartAsync(string stateFolder, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = stateFolder };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "lmgateway.dll"))) start.ArgumentList.Add(argument);
        start.Environment["LMGATEWAY_STATE_DIR"] = stateFolder;
        start.Environment["HOME"] = stateFolder;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var running = new GatewayProcess(Process.Start(start)!);
        running.Http.BaseAddress = await running.address.Task.WaitAsync(Patience);
        return running;
    }

    /// <summary>Sends a signal and returns the exit code.</summary>
    public async Task<int> EndAsync(PosixSignal signal)
    {
        Signal(signal);
        return await ExitAsync();
    }

    public void Signal(PosixSignal signal)
    {
        using var kill = Process.Start("kill", [signal switch { PosixSignal.SIGINT => "-INT", PosixSignal.SIGHUP => "-HUP", _ => "-TERM" }, process.Id.ToString()]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
