using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace LmStudio.Client.Tests.Servers;

/// <summary>The server's end of one WebSocket connection.</summary>
internal sealed class ServerSocket(WebSocket socket, string path, Action abort, CancellationToken ending)
{
    public string Path => path;

    public CancellationToken Ending => ending;

    /// <summary>Breaks the TCP connection, as a process that is killed does.</summary>
    public void Abort() => abort();

    /// <summary>The next frame, or null when the client is gone.</summary>
    public async Task<JsonElement?> TryReceiveAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), ending);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            bytes.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return JsonElement.Parse(bytes.ToArray());
        }
    }

    public async Task<JsonElement> ReceiveAsync() => await TryReceiveAsync() ?? throw new InvalidOperationException($"The client closed {path} where a frame was expected.");

    /// <summary>Expects the authentication frame, accepts it, and returns it.</summary>
    public async Task<JsonElement> AuthenticateAsync()
    {
        var frame = await ReceiveAsync();
        if (frame.GetProperty("authVersion").GetInt32() != 1) throw new InvalidOperationException("The first frame is no authentication: " + frame);
        await SendAsync("""{"success":true}""");
        return frame;
    }

    public Task SendAsync(string frame) => SendAsync(Encoding.UTF8.GetBytes(frame));

    public async Task SendAsync(byte[] frame, bool endOfMessage = true, WebSocketMessageType type = WebSocketMessageType.Text) =>
        await socket.SendAsync(frame, type, endOfMessage, ending);

    /// <summary>Answers the call in the frame.</summary>
    public Task ResultAsync(JsonElement call, string result) =>
        SendAsync($$"""{"type":"rpcResult","callId":{{call.GetProperty("callId").GetInt32()}},"result":{{result}}}""");

    /// <summary>Sends a message on the channel that the frame created.</summary>
    public Task MessageAsync(JsonElement create, string message) =>
        SendAsync($$"""{"type":"channelSend","channelId":{{create.GetProperty("channelId").GetInt32()}},"message":{{message}}}""");

    public Task CloseChannelAsync(JsonElement create) =>
        SendAsync($$"""{"type":"channelClose","channelId":{{create.GetProperty("channelId").GetInt32()}}}""");

    public Task CloseAsync() => socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ending);

    /// <summary>Stays silent until the client leaves or the test ends.</summary>
    public Task StaySilentAsync() => Task.Delay(Timeout.Infinite, ending);

    /// <summary>Answers every call with the same result until the client leaves.</summary>
    public async Task AnswerAllAsync(string result)
    {
        while (await TryReceiveAsync() is { } frame)
            if (frame.TryGetProperty("callId", out _)) await ResultAsync(frame, result);
    }
}
