using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LmGateway.Tests.Backends;

/// <summary>A server that answers its one request with a stream of events given beforehand.</summary>
internal sealed class ScriptedEvents : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task serving;

    private ScriptedEvents(string events)
    {
        listener.Start();
        serving = ServeAsync(events.ReplaceLineEndings("\n"));
    }

    public string Address => $"http://{listener.LocalEndpoint}";

    public static ScriptedEvents Start(string events) => new(events);

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await serving;
    }

    private async Task ServeAsync(string events)
    {
        try
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            var request = new StringBuilder();
            var buffer = new byte[4096];
            while (!request.ToString().EndsWith('}')) request.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer)));
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{events}"));
        }
        catch (Exception gone) when (gone is SocketException or IOException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
