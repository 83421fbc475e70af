using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using LmStudio.Simulator.WebSockets.Endpoints;

namespace LmStudio.Simulator.WebSockets;

/// <summary>A channel from its creation to its close or error.</summary>
internal sealed class OpenChannel(long id, ChannelEndpoint endpoint, FrameSocket socket, PlayedFault? fault)
{
    /// <summary>Far more than a client has reason to send ahead of its answers; what is sent past it is dropped.</summary>
    private const int MaxWaiting = 64;

    private readonly Channel<JsonElement> _inbox = Channel.CreateBounded<JsonElement>(MaxWaiting);
    private CancellationToken _stopAsked;

    public long Id { get; } = id;

    public ChannelEndpoint Endpoint { get; } = endpoint;

    /// <summary>The client's messages, each of the endpoint's message shape, in order.</summary>
    public IAsyncEnumerable<JsonElement> MessagesAsync(CancellationToken cancellationToken) => _inbox.Reader.ReadAllAsync(cancellationToken);

    public void Deliver(JsonElement message) => _inbox.Writer.TryWrite(message);

    public async Task SendAsync(JsonObject message, CancellationToken cancellationToken)
    {
        if (fault is not null) await PlayAsync(fault, message["type"]!.GetValue<string>(), cancellationToken);
        await socket.SendAsync(Frames.ChannelSend(Id, message), cancellationToken);
    }

    /// <summary>
    /// Runs work with a token that also trips when the client sends a message of type <paramref name="messageType"/>.
    /// Returns whether the client did; the work's own cancellation for that reason does not escape.
    /// </summary>
    public async Task<bool> RunUntilAskedToStopAsync(string messageType, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _stopAsked = stop.Token;
        var listening = ListenAsync(messageType, stop);
        try
        {
            await work(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            _stopAsked = cancellationToken;
            _inbox.Writer.TryComplete();
        }

        return await listening;
    }

    /// <summary>A channel that stalls does so until the client asks it to stop, or leaves.</summary>
    private async Task PlayAsync(PlayedFault played, string messageType, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopAsked);
        try
        {
            await played.BeforeAsync(messageType, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Asked to stop: the work behind the channel sees that too, and says how it ended.
        }
    }

    private async Task<bool> ListenAsync(string messageType, CancellationTokenSource stop)
    {
        await foreach (var message in _inbox.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (message.GetProperty("type").GetString() != messageType) continue;
            await stop.CancelAsync();
            return true;
        }

        return false;
    }
}
