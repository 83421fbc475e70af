using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LmGateway.Tests.Backends.OpenAiCompatible;

/// <summary>
/// A llama-server that answers with recorded bytes. Of the recordings for a method and a path the first is used up by the first request that
/// fits, and so on; the last one stays. What asks for a stream gets a recorded stream or a refusal.
/// </summary>
internal sealed class ReplayedLlamaServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly List<Recording> recordings;
    private readonly Task accepting;

    private ReplayedLlamaServer(IEnumerable<string> names)
    {
        recordings = [.. names.Select(Recording.Load)];
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://{listener.LocalEndpoint}";

    /// <summary>What was asked: method, path and body.</summary>
    public ConcurrentQueue<(string Method, string Path, string Body)> Asked { get; } = new();

    public static ReplayedLlamaServer Of(params IEnumerable<string> names) => new(names);

    /// <summary>One model, <c>alpha</c>, two slots.</summary>
    public static ReplayedLlamaServer WithOneModel(params IEnumerable<string> names) => new(["015-v1-models", "012-props", .. names]);

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
                var (method, path, body) = await ReadAsync(stream);
                Asked.Enqueue((method, path, body));
                if (Find(method, Recording.PathOf(path), Recording.IsStream(body)) is not { } recording)
                {
                    await stream.WriteAsync("HTTP/1.1 404 Not Found\r\nServer: llama.cpp\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), ending.Token);
                    return;
                }

                foreach (var piece in recording.Wire()) await stream.WriteAsync(piece, ending.Token);
                stream.Socket.Shutdown(SocketShutdown.Send);
                _ = await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, ending.Token);
            }
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The gateway went away, or the test is over.
        }
    }

    private Recording? Find(string method, string path, bool streamed)
    {
        lock (recordings)
        {
            var fitting = recordings.FindAll(recording => recording.Method == method && recording.Path == path && (recording.IsStreamed == streamed || recording.IsRefusal));
            if (fitting.Count > 1) recordings.Remove(fitting[0]);
            return fitting.Count > 0 ? fitting[0] : null;
        }
    }

    private async Task<(string Method, string Path, string Body)> ReadAsync(NetworkStream stream)
    {
        var (bytes, buffer) = (new MemoryStream(), new byte[16 * 1024]);
        while (true)
        {
            var read = await stream.ReadAsync(buffer, ending.Token);
            if (read == 0) throw new IOException("closed");
            bytes.Write(buffer, 0, read);
            var text = Encoding.Latin1.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var lines = text[..end].Split("\r\n");
            var length = int.Parse(lines.FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))?["Content-Length:".Length..] ?? "0");
            if (bytes.Length < end + 4 + length) continue;
            var first = lines[0].Split(' ');
            return (first[0], first[1], Encoding.UTF8.GetString(bytes.GetBuffer(), end + 4, length));
        }
    }
}
