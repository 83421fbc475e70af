using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms;

/// <summary>One namespace's connection as <c>lms</c> uses it: one request at a time, each read to its end.</summary>
internal sealed class LmsSocket : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly FrameSocket _frames;
    private int _ids;

    private LmsSocket(CancellationToken ended) => _frames = new FrameSocket(_socket, ended);

    /// <summary>Connects and authenticates.</summary>
    /// <exception cref="WebSocketException">Nobody listens there, or the upgrade is refused.</exception>
    /// <exception cref="LmsExit">The app refused the credentials.</exception>
    public static async Task<LmsSocket> OpenAsync(Uri address, Credentials credentials, CancellationToken cancellationToken)
    {
        var socket = new LmsSocket(cancellationToken);
        try
        {
            await socket._socket.ConnectAsync(address, cancellationToken);
            await socket._frames.SendAsync(credentials.ToFrame(), cancellationToken);
            var reply = await socket.ReceiveAsync(cancellationToken);
            if (reply.GetProperty("success").GetBoolean()) return socket;
            throw LmsExit.Error(reply.GetProperty("error").GetString()!);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Calls an endpoint; undefined when the result is void.</summary>
    public async Task<JsonElement> CallAsync(string endpoint, JsonObject? parameter, CancellationToken cancellationToken)
    {
        var frame = new JsonObject { ["type"] = "rpcCall", ["endpoint"] = endpoint, ["callId"] = _ids++ };
        await _frames.SendAsync(frame.With("parameter", parameter), cancellationToken);
        var reply = await ReceiveAsync(cancellationToken);
        if (reply.TryGetProperty("result", out var result)) return result;
        ThrowIfError(reply);
        return default;
    }

    /// <summary>Creates a channel and returns its id.</summary>
    public async Task<int> CreateAsync(string endpoint, JsonObject? parameter, CancellationToken cancellationToken)
    {
        var frame = new JsonObject { ["type"] = "channelCreate", ["endpoint"] = endpoint, ["channelId"] = _ids };
        await _frames.SendAsync(frame.With("creationParameter", parameter), cancellationToken);
        return _ids++;
    }

    public Task SendAsync(int channelId, string messageType, CancellationToken cancellationToken) =>
        _frames.SendAsync(Frames.ChannelSend(channelId, new JsonObject { ["type"] = messageType }), cancellationToken);

    /// <summary>The messages of the channel created last, to its close.</summary>
    /// <exception cref="LmsExit">The channel ended with an error.</exception>
    public async IAsyncEnumerable<JsonElement> MessagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await ReceiveAsync(cancellationToken) is var frame && frame.GetProperty("type").GetString() != "channelClose")
        {
            ThrowIfError(frame);
            yield return frame.GetProperty("message");
        }
    }

    /// <summary>Waits for the app to end the connection.</summary>
    public async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _frames.ReceiveAsync(cancellationToken) is not null)
            {
            }
        }
        catch (WebSocketException)
        {
            // It ended without a good-bye.
        }
    }

    public void Dispose() => _frames.Dispose();

    private async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken) =>
        await _frames.ReceiveAsync(cancellationToken) ?? throw LmsExit.Error("WebSocket connection closed");

    /// <summary>The error of a reply, or the warning that stands in its place.</summary>
    private static void ThrowIfError(JsonElement frame)
    {
        if (frame.TryGetProperty("warning", out var warning)) throw LmsExit.Error(warning.GetString()!);
        if (!frame.TryGetProperty("error", out var error)) return;
        var title = error.GetProperty("title").GetString()!;
        throw LmsExit.Error(error.TryGetProperty("cause", out var cause) ? $"{title}\n\n{cause.GetString()}" : title);
    }
}
