using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>A bare WebSocket that sends and receives frames as JSON text. Every wait ends within thirty seconds.</summary>
internal sealed class FrameClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private int _ids;

    public static async Task<FrameClient> OpenAsync(Uri address)
    {
        var client = new FrameClient();
        await client._socket.ConnectAsync(address, client._deadline.Token);
        return client;
    }

    public async Task AuthenticateAsync(string identifier, string passkey)
    {
        await SendAsync($$"""{"authVersion":1,"clientIdentifier":"{{identifier}}","clientPasskey":"{{passkey}}"}""");
        Assert.Equal("""{"success":true}""", await ReceiveTextAsync());
    }

    public Task SendAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, _deadline.Token);

    /// <summary>Sends one message as many small WebSocket frames.</summary>
    public async Task SendInPiecesAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        foreach (var piece in bytes.Chunk(100_000)) await _socket.SendAsync(piece, WebSocketMessageType.Text, endOfMessage: false, _deadline.Token);
        await _socket.SendAsync(Array.Empty<byte>(), WebSocketMessageType.Text, endOfMessage: true, _deadline.Token);
    }

    /// <summary>The next frame's text, or null when the server closed the connection in good order.</summary>
    public async Task<string?> ReceiveTextAsync()
    {
        using var text = new MemoryStream();
        var buffer = new byte[8192];
        WebSocketReceiveResult received;
        do
        {
            received = await _socket.ReceiveAsync(buffer, _deadline.Token);
            if (received.MessageType == WebSocketMessageType.Close) return null;
            text.Write(buffer, 0, received.Count);
        }
        while (!received.EndOfMessage);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    public async Task<JsonNode> ReceiveAsync() => JsonNode.Parse(await ReceiveTextAsync() ?? throw new InvalidOperationException("The server closed the connection."))!;

    /// <summary>Calls an endpoint and returns the whole reply frame.</summary>
    public async Task<JsonNode> CallAsync(string endpoint, string? parameter = null)
    {
        var id = _ids++;
        await SendAsync($$"""{"type":"rpcCall","endpoint":"{{endpoint}}","callId":{{id}}{{(parameter is null ? "" : ",\"parameter\":" + parameter)}}}""");
        var reply = await ReceiveAsync();
        if (reply["callId"] is { } callId) Assert.Equal(id, callId.GetValue<int>());
        return reply;
    }

    /// <summary>Creates a channel and returns its id.</summary>
    public async Task<int> CreateAsync(string endpoint, string? parameter = null)
    {
        var id = _ids++;
        await SendAsync($$"""{"type":"channelCreate","endpoint":"{{endpoint}}","channelId":{{id}}{{(parameter is null ? "" : ",\"creationParameter\":" + parameter)}}}""");
        return id;
    }

    public Task SendToChannelAsync(int channelId, string message) => SendAsync($$"""{"type":"channelSend","channelId":{{channelId}},"message":{{message}}}""");

    /// <summary>The frames of a channel from now to its close or error.</summary>
    public async Task<List<JsonNode>> ReadToEndAsync()
    {
        var frames = new List<JsonNode>();
        do frames.Add(await ReceiveAsync());
        while (frames[^1]["type"]!.GetValue<string>() is not ("channelClose" or "channelError"));
        return frames;
    }

    /// <summary>Reads messages up to and including the first of a type, which is returned.</summary>
    public async Task<JsonNode> ReadToAsync(string messageType)
    {
        while (true)
        {
            var frame = await ReceiveAsync();
            Assert.Equal("channelSend", frame["type"]!.GetValue<string>());
            if (frame["message"]!["type"]!.GetValue<string>() == messageType) return frame["message"]!;
        }
    }

    /// <summary>Says good-bye, unless that was said already.</summary>
    public Task CloseAsync() => _socket.State is WebSocketState.Open or WebSocketState.CloseReceived
        ? _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token)
        : Task.CompletedTask;

    public void Abort() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _deadline.Dispose();
        return ValueTask.CompletedTask;
    }
}
