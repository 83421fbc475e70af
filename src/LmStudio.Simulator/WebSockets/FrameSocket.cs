using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.WebSockets;

/// <summary>
/// A WebSocket that carries one JSON object per text message. Many may send at once; one receives.
/// A frame that has begun is sent whole unless <paramref name="ended"/> trips, because half a frame breaks the connection.
/// </summary>
internal sealed class FrameSocket(WebSocket socket, CancellationToken ended) : IDisposable
{
    /// <summary>Images travel inside a frame, so frames may be large.</summary>
    private const int MaxFrameBytes = 64 * 1024 * 1024;

    private readonly SemaphoreSlim _sending = new(1);

    /// <summary>The next frame; undefined when the message was not JSON, null at the end of the connection.</summary>
    public async Task<JsonElement?> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        ValueWebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close) return null;
            message.Write(buffer, 0, received.Count);
            if (message.Length > MaxFrameBytes) return null;
        }
        while (!received.EndOfMessage);
        return Parse(message.GetBuffer().AsMemory(0, (int)message.Length));
    }

    /// <summary>Sends one frame; the token gives up the wait for other senders, not the sending.</summary>
    public Task SendAsync(JsonObject frame, CancellationToken cancellationToken) => SendAsync(JsonText.Bytes(frame), cancellationToken);

    /// <summary>Sends text that need not be a frame.</summary>
    public Task SendTextAsync(string text, CancellationToken cancellationToken) => SendAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>
    /// Says good-bye; the peer's own is not waited for. LM Studio sends no status, which .NET cannot: it would write the reserved 1005.
    /// </summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
    }

    /// <summary>Throws the connection away, and with it what the peer has not read yet.</summary>
    public void Abort() => socket.Abort();

    /// <summary>Ends the connection without a good-bye when all that was sent has arrived; does nothing on a client's side.</summary>
    public Func<CancellationToken, Task> CutAsync { get; init; } = _ => Task.CompletedTask;

    public void Dispose()
    {
        _sending.Dispose();
        socket.Dispose();
    }

    private async Task SendAsync(byte[] message, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(message.AsMemory(), WebSocketMessageType.Text, endOfMessage: true, ended);
        }
        finally
        {
            _sending.Release();
        }
    }

    private static JsonElement? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default(JsonElement);
        }
    }
}
