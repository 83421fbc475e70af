using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LmGateway.Tests.Functional;

/// <summary>
/// A server that is not LM Studio and answers exactly the bytes it is told to: it lists one model, and a POST is answered by the script.
/// Every connection carries one request.
/// </summary>
internal sealed class ScriptedBackend : IAsyncDisposable
{
    public const string Model = "scripted";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Func<NetworkStream, CancellationToken, Task> script;
    private readonly Task accepting;
    private int open;

    private ScriptedBackend(Func<NetworkStream, CancellationToken, Task> script)
    {
        this.script = script;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://{listener.LocalEndpoint}";

    /// <summary>Scripts that run now.</summary>
    public int Open => Volatile.Read(ref open);

    /// <summary>What the script sees when the gateway goes away is an <see cref="IOException"/>.</summary>
    public static ScriptedBackend Running(Func<NetworkStream, CancellationToken, Task> script) => new(script);

    /// <summary>Answers with these bytes and closes.</summary>
    public static ScriptedBackend Answering(string reply) =>
        new((stream, cancellationToken) => stream.WriteAsync(Encoding.UTF8.GetBytes(reply), cancellationToken).AsTask());

    /// <summary>Answers properly: status, type and body.</summary>
    public static ScriptedBackend Answering(int status, string? type, string body) =>
        Answering($"HTTP/1.1 {status} Scripted\r\n{(type is null ? "" : $"Content-Type: {type}\r\n")}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");

    /// <summary>Answers a stream of events that ends where the text ends.</summary>
    public static ScriptedBackend Streaming(string events) =>
        Answering($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{events}");

    /// <summary>A piece of a chat stream.</summary>
    public static string Chunk(string content, string? finish = null) =>
        $$"""data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"scripted","choices":[{"index":0,"delta":{"content":"{{content}}"},"finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}]}""" + "\n\n";

    /// <summary>Waits until the gateway closes the connection.</summary>
    public static async Task UntilClosedAsync(NetworkStream stream, CancellationToken cancellationToken) =>
        _ = await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true) served.Add(ServeAsync(await listener.AcceptTcpClientAsync(ending.Token)));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                await using var stream = client.GetStream();
                await AnswerAsync(stream, await ReadAsync(stream));
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The gateway went away, or the test is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream, string head)
    {
        if (head.StartsWith("GET /v1/models", StringComparison.Ordinal))
            await WriteAsync(stream, 200, $$"""{"object":"list","data":[{"id":"{{Model}}","object":"model","created":1,"owned_by":"test"}]}""");
        else if (head.StartsWith("GET ", StringComparison.Ordinal)) await WriteAsync(stream, 404, """{"error":"not found"}""");
        else await RunAsync(stream);
    }

    private async Task RunAsync(NetworkStream stream)
    {
        Interlocked.Increment(ref open);
        try
        {
            await script(stream, ending.Token);
            stream.Socket.Shutdown(SocketShutdown.Send);
            await UntilClosedAsync(stream, ending.Token);
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    /// <summary>The head, after the whole body has been read.</summary>
    private async Task<string> ReadAsync(NetworkStream stream)
    {
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (true)
        {
            var read = await stream.ReadAsync(buffer, ending.Token);
            if (read == 0) throw new IOException("closed");
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var length = all.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            if (all.Length >= end + 4 + int.Parse(length?["Content-Length:".Length..] ?? "0")) return all[..end];
        }
    }

    private Task WriteAsync(NetworkStream stream, int status, string body) =>
        stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), ending.Token).AsTask();
}
