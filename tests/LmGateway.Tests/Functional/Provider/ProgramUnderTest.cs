using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The built program as a process of its own, with nothing in its environment but what is given.</summary>
internal sealed partial class ProgramUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder errors = new();

    private ProgramUnderTest(Process process) => this.process = process;

    /// <summary>The program, as the tests' own build made it.</summary>
    public static string Executable { get; } = FindExecutable();

    public required HttpClient Http { get; init; }

    /// <summary>What it has said before it listened.</summary>
    public required string Said { get; init; }

    /// <summary>Its log so far.</summary>
    public string Log
    {
        get
        {
            lock (errors) return errors.ToString();
        }
    }

    /// <summary>The memory that it holds now.</summary>
    public long ResidentBytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts a command line (the program's name first) and waits until it listens.</summary>
    public static async Task<ProgramUnderTest> StartAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string folder)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in environment) start.Environment[name] = value;
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = folder;
        start.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath);
        start.Environment["LMGATEWAY_LISTEN__PORT"] = "0";
        var child = Process.Start(start)!;
        try
        {
            return await ListeningAsync(child);
        }
        catch
        {
            child.Kill();
            child.Dispose();
            throw;
        }
    }

    /// <summary>Asks it to end as a service manager does, and gives its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        process.Dispose();
    }

    private static async Task<ProgramUnderTest> ListeningAsync(Process child)
    {
        var said = new StringBuilder();
        using var patience = new CancellationTokenSource(Patience);
        while (await child.StandardOutput.ReadLineAsync(patience.Token) is { } line && !line.StartsWith("Press", StringComparison.Ordinal)) said.AppendLine(line);
        if (Listening().Match(said.ToString()) is not { Success: true } listening)
            throw new InvalidOperationException($"It does not listen: {said}{await child.StandardError.ReadToEndAsync(patience.Token)}");
        var address = new Uri($"http://127.0.0.1:{listening.Groups["port"].Value}");
        var program = new ProgramUnderTest(child) { Http = new HttpClient { BaseAddress = address, Timeout = Patience }, Said = said.ToString() };
        child.ErrorDataReceived += (_, line) => program.Hear(line.Data);
        child.BeginErrorReadLine();
        return program;
    }

    private void Hear(string? line)
    {
        lock (errors) errors.AppendLine(line);
    }

    private static string FindExecutable()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, "LmGateway", own.Name, "lmgateway");
    }

    [GeneratedRegex(@"^ +listening +http://\S*:(?<port>\d+)", RegexOptions.Multiline | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Listening();
}
