using System.Diagnostics;
using System.Text.Json;

namespace LeanNats.Bench;

/// <summary>A nats-server with JetStream on a free port, its files in a folder that goes with it.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("leannats-bench-").FullName;
    private readonly Process process;

    private Server()
    {
        var program = Environment.GetEnvironmentVariable("LEANNATS_SERVER")
            ?? (File.Exists("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server");
        var start = new ProcessStartInfo(
            program, ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder, "-js", "-sd", Path.Combine(folder, "store"), "-l", Path.Combine(folder, "log")]);
        process = Process.Start(start)!;
    }

    public string Url { get; private set; } = "";

    public static async Task<Server> StartAsync()
    {
        var server = new Server();
        var ports = Path.Combine(server.folder, $"nats-server_{server.process.Id}.ports");
        while (server.Url.Length == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            if (server.process.HasExited) throw new InvalidOperationException("nats-server ended at once.");
            if (File.Exists(ports)) server.Url = Read(await File.ReadAllTextAsync(ports));
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Read(string ports)
    {
        try
        {
            return JsonDocument.Parse(ports).RootElement.GetProperty("nats")[0].GetString()!;
        }
        catch (JsonException)
        {
            return ""; // half written
        }
    }
}
