using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>
/// A <c>nats-server</c> with JetStream on this machine, for those who have none running. It keeps its configuration, store and log in the
/// service's state folder and ends with the service.
/// </summary>
internal sealed class NatsServerChild : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Debian's place is on nobody's PATH but root's.</summary>
    private static readonly string[] Programs = ["nats-server", "/usr/sbin/nats-server", "/usr/local/sbin/nats-server", "/opt/homebrew/bin/nats-server"];

    private readonly Process process;

    private NatsServerChild(Process process) => this.process = process;

    /// <summary>The port that a child can serve: the settings name one server on this machine, without TLS. Null where they do not.</summary>
    public static int? PortOf(NatsOptions nats) =>
        Uri.TryCreate(nats.Url, UriKind.Absolute, out var uri) && uri is { Scheme: "nats", IsLoopback: true } ? (uri.Port > 0 ? uri.Port : 4222) : null;

    /// <summary>Starts the server and returns when it takes connections; null where one answers at that port already.</summary>
    /// <exception cref="InvalidOperationException">It cannot be started; the message says what to do.</exception>
    public static async Task<NatsServerChild?> StartAsync(int port, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await AnswersAsync(port, cancellationToken)) return null;
        Directory.CreateDirectory(folder);
        var (file, log) = (Path.Combine(folder, "nats-server.conf"), Path.Combine(folder, "nats-server.log"));
        await File.WriteAllTextAsync(file, Configuration(port, folder, log), cancellationToken);
        var child = new NatsServerChild(Start(file));
        try
        {
            await child.WaitUntilReadyAsync(port, log, time, cancellationToken);
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await StopAsync();
        process.Dispose();
    }

    private static string Configuration(int port, string folder, string log) =>
        $$"""
        listen: "127.0.0.1:{{port}}"
        log_file: "{{Quoted(log)}}"
        jetstream {
          store_dir: "{{Quoted(Path.Combine(folder, "store"))}}"
        }

        """;

    /// <summary>Forward slashes are understood everywhere, and backslashes are escapes.</summary>
    private static string Quoted(string path) => path.Replace('\\', '/').Replace("\"", "\\\"", StringComparison.Ordinal);

    private static Process Start(string file)
    {
        foreach (var program in Programs)
        {
            try
            {
                // With streams of its own: it must not hold those of the service open should it outlive it. It writes to its log file alone.
                return Process.Start(new ProcessStartInfo(program, ["-c", file])
                {
                    UseShellExecute = false,
                    WorkingDirectory = Path.GetDirectoryName(file),
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
            }
            catch (Win32Exception)
            {
                // Not there; perhaps elsewhere.
            }
        }

        throw new InvalidOperationException("--nats-server needs the program nats-server, which is not on the PATH. Install it (Debian: apt-get install nats-server; macOS: brew install nats-server; Windows: choco install nats-server), or leave the option out.");
    }

    private async Task WaitUntilReadyAsync(int port, string log, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(StartTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (!await AnswersAsync(port, either.Token))
            {
                if (process.HasExited) throw new InvalidOperationException($"nats-server ended with exit code {process.ExitCode} while it started; {log} says why.");
                await Task.Delay(Pause, time, either.Token);
            }
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"nats-server does not answer on port {port} after {StartTime.TotalSeconds:0} s; {log} says why.", late);
        }
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>In order where the system has a way to say so: the server then writes out what it holds.</summary>
    private async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(StopTime, TimeProvider.System);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                using var asked = Process.Start(new ProcessStartInfo("kill", ["-TERM", $"{process.Id}"]) { UseShellExecute = false });
                await process.WaitForExitAsync(limit.Token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or Win32Exception)
        {
            // Then without being asked.
        }

        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }
}
