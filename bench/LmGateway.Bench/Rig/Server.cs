using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace LmGateway.Bench.Rig;

/// <summary>How to start a server, and how to ask it.</summary>
internal sealed record ServerPlan(string Name, string Program)
{
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public required int Port { get; init; }

    /// <summary>Sent with each request.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Answers 200 once the server is ready; asked again and again until then.</summary>
    public string ReadyPath { get; init; } = "/v1/models";

    /// <summary>Posted there; GET without one.</summary>
    public string? ReadyBody { get; init; }
}

/// <summary>A running server of the rig. Disposing it ends it and what it started.</summary>
internal sealed class Server : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly Process process;
    private readonly FileStream log;
    private readonly Task logging;

    private Server(ServerPlan plan, Process process)
    {
        (Plan, this.process) = (plan, process);
        log = File.Create(Path.Combine(Paths.Scratch, $"{plan.Name}-{plan.Port}.log"));
        var writing = Stream.Synchronized(log);
        logging = Task.WhenAll(process.StandardOutput.BaseStream.CopyToAsync(writing), process.StandardError.BaseStream.CopyToAsync(writing));
    }

    public ServerPlan Plan { get; }

    /// <summary>The kinds of requests that it is warm for.</summary>
    public HashSet<string> Warmed { get; } = new(StringComparer.Ordinal);

    public string Name => Plan.Name;

    public int Port => Plan.Port;

    /// <summary>From starting the program to its first good answer.</summary>
    public TimeSpan StartTime { get; private set; }

    public double CpuSeconds => ProcessTree.CpuSeconds(process.Id);

    public double Mebibytes => ProcessTree.Mebibytes(process.Id);

    public static async Task<Server> StartAsync(ServerPlan plan)
    {
        var start = new ProcessStartInfo(plan.Program, plan.Arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Paths.Emptiness };
        foreach (var (name, value) in plan.Environment) start.Environment[name] = value;
        var began = TimeProvider.System.GetTimestamp();
        var server = new Server(plan, Process.Start(start)!);
        while (!await server.IsReadyAsync())
        {
            if (server.process.HasExited || TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException($"{plan.Name} did not start: {await File.ReadAllTextAsync(server.log.Name)}");
            }

            await Task.Delay(Pause, TimeProvider.System);
        }

        server.StartTime = TimeProvider.System.GetElapsedTime(began);
        return server;
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        await logging;
        await log.DisposeAsync();
        process.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return await Http.StatusAsync(Plan) == 200;
        }
        catch (IOException)
        {
            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
