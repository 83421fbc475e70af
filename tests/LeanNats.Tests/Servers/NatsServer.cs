using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace LeanNats.Tests.Servers;

/// <summary>
/// A real <c>nats-server</c> on a free port of this machine, with its files in a folder of its own. It can be killed and started again
/// on the same port with the same files.
/// </summary>
public sealed class NatsServer : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Debian's place is not on everyone's PATH; the variable is for running the tests against another version.</summary>
    private static readonly string Installed = Environment.GetEnvironmentVariable("LEANNATS_SERVER")
        ?? (File.Exists("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server");

    private readonly string config;
    private readonly string program;
    private Process? process;

    private NatsServer(string folder, int port, string config, string program) =>
        (Folder, Port, this.config, this.program) = (folder, port, config, program);

    public int Port { get; }

    /// <summary>Where its configuration and its store lie.</summary>
    public string Folder { get; }

    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>The settings of a connection to it.</summary>
    public NatsOpts Opts => NatsOpts.Default with { Url = Url, ConnectTimeout = Deadline, CommandTimeout = Deadline, RequestTimeout = Deadline };

    /// <summary>
    /// Starts a server. <paramref name="config"/> is added to its configuration file; <paramref name="program"/> is for one of another
    /// version than the installed one (<see cref="ServerVersions"/>).
    /// </summary>
    public static async Task<NatsServer> StartAsync(string config = "", bool jetStream = false, string? program = null)
    {
        var folder = Directory.CreateTempSubdirectory("leannats-").FullName;
        if (jetStream) config += $"\njetstream {{ store_dir: \"{folder}/store\" }}";
        var server = new NatsServer(folder, FreePort(), config, program ?? Installed);
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port that was free just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public NatsConnection Connect(Func<NatsOpts, NatsOpts>? change = null) => new(change is null ? Opts : change(Opts));

    /// <summary>Starts the process, anew after <see cref="KillAsync"/>, and waits until it takes connections.</summary>
    public async Task StartAsync()
    {
        var file = Path.Combine(Folder, "nats.conf");
        await File.WriteAllTextAsync(file, $"listen: \"127.0.0.1:{Port}\"\nlog_file: \"{Folder}/nats.log\"\n{config}\n");
        try
        {
            process = Process.Start(new ProcessStartInfo(program, ["-c", file]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"The program '{program}' is missing: install it (Debian: apt-get install nats-server).", e);
        }

        await WaitUntilReadyAsync();
    }

    /// <summary>Ends the process at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync().WaitAsync(Deadline);
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    /// <summary>Sends the process a signal: LDM is <c>USR2</c>, freeze and thaw are <c>STOP</c> and <c>CONT</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, process!.Id.ToString()]);
        await kill.WaitForExitAsync().WaitAsync(Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (true)
        {
            if (process!.HasExited)
                throw new InvalidOperationException($"nats-server ended at once: {await process.StandardError.ReadToEndAsync()}");
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(5, deadline.Token);
            }
        }
    }
}
