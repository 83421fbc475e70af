using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Sockets;

/// <summary>
/// One authenticated WebSocket. Three loops own it: one sends, one receives, one watches that the peer is alive; when any of them
/// ends, every pending call and channel fails and the connection never comes back.
/// </summary>
internal sealed class SocketConnection : IAsyncDisposable
{
    private const int OutgoingCapacity = 256;
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromMilliseconds(10);

    private readonly WebSocket socket;
    private readonly FrameReader reader;
    private readonly LmStudioClientOptions options;
    private readonly string name;
    private readonly CancellationTokenSource lifetime = new();
    private readonly Channel<PooledBuffer> outgoing = Channel.CreateBounded<PooledBuffer>(
        new BoundedChannelOptions(OutgoingCapacity) { SingleReader = true });
    private readonly ConcurrentDictionary<int, PendingCall> calls = new();
    private readonly ConcurrentDictionary<int, SocketChannel> channels = new();
    private readonly ConcurrentDictionary<string, PeerWarning> missingEndpoints = new(StringComparer.Ordinal);
    private readonly Task running;
    private volatile Func<LmStudioException>? failure;
    private long lastReceived;
    private int lastId = -1;

    /// <summary>Takes over an open socket whose handshake is done.</summary>
    public SocketConnection(string name, WebSocket socket, FrameReader reader, LmStudioClientOptions options)
    {
        (this.name, this.socket, this.reader, this.options) = (name, socket, reader, options);
        lastReceived = options.TimeProvider.GetTimestamp();
        running = Task.Run(RunAsync);
    }

    public bool IsOpen => failure is null;

    /// <summary>Sends a call and waits for its result, which is null for a void one.</summary>
    public async Task<JsonElement?> CallAsync(SocketRequest request, TimeSpan limit, CancellationToken cancellationToken)
    {
        ThrowIfMissing(request.Endpoint);
        var id = Interlocked.Increment(ref lastId);
        var call = new PendingCall(request.Endpoint);
        calls[id] = call;
        using var deadline = new CancellationTokenSource(limit, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await SendAsync(OutgoingFrames.RpcCall(id, request.Endpoint, request.Parameter), either.Token).ConfigureAwait(false);
            return await call.Result.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new LmStudioTimeoutException(request.Endpoint, limit);
        }
        finally
        {
            calls.TryRemove(id, out _);
        }
    }

    /// <summary>Opens a channel; the caller disposes it.</summary>
    public async Task<SocketChannel> OpenChannelAsync(SocketRequest request, CancellationToken cancellationToken)
    {
        ThrowIfMissing(request.Endpoint);
        var id = Interlocked.Increment(ref lastId);
        var channel = new SocketChannel(this, id, request.Endpoint, options)
        {
            CancelWord = request.CancelWord,
            IdleTimeout = request.IdleTimeout ?? options.ChannelIdleTimeout,
        };
        channels[id] = channel;
        using var deadline = new CancellationTokenSource(options.RequestTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await SendAsync(OutgoingFrames.ChannelCreate(id, request.Endpoint, request.Parameter), either.Token).ConfigureAwait(false);
            return channel;
        }
        catch (Exception e)
        {
            Forget(id);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new LmStudioTimeoutException(request.Endpoint, options.RequestTimeout);
            throw;
        }
    }

    /// <summary>Messages for this channel are dropped from now on.</summary>
    public void Forget(int channelId) => channels.TryRemove(channelId, out _);

    /// <summary>Hands a frame to the send loop, which disposes it; waits while the way is blocked.</summary>
    public async ValueTask SendAsync(PooledBuffer frame, CancellationToken cancellationToken)
    {
        try
        {
            // A failure that came before the request was entered as pending did not reach it.
            if (failure is { } gone) throw gone();
            await outgoing.Writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            frame.Dispose();
            throw failure!();
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    /// <summary>Sends a frame whose loss does no harm: not at all when the connection is gone or its way is blocked.</summary>
    public async ValueTask TrySendAsync(PooledBuffer frame)
    {
        using var limit = new CancellationTokenSource(options.CancelTimeout, options.TimeProvider);
        try
        {
            await SendAsync(frame, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is LmStudioException or OperationCanceledException)
        {
            options.Warn(name, "A message could not be sent: " + e.Message);
        }
    }

    /// <summary>Ends the connection; whatever is pending fails.</summary>
    public async ValueTask DisposeAsync()
    {
        End(() => new LmStudioConnectionException("The client was disposed."));
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var loops = new[] { ReceiveAllAsync(), SendAllAsync(), WatchAsync() };
        var first = await Task.WhenAny(loops).ConfigureAwait(false);
        End(Reason(first.Exception?.InnerException));
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        while (outgoing.Reader.TryRead(out var frame)) frame.Dispose();
        reader.Dispose();
    }

    private static Func<LmStudioException> Reason(Exception? error) => error switch
    {
        LmStudioProtocolException e => () => new LmStudioProtocolException(e.Message, e.Kind, e),
        LmStudioConnectionException e => () => new LmStudioConnectionException(e.Message, e),
        null => () => new LmStudioConnectionException("LM Studio closed the connection."),
        _ => () => new LmStudioConnectionException("The connection to LM Studio was lost.", error),
    };

    private void End(Func<LmStudioException> reason)
    {
        if (Interlocked.CompareExchange(ref failure, reason, null) is not null) return;
        outgoing.Writer.TryComplete();
        lifetime.Cancel();
        foreach (var call in calls.Values) call.Fail(UnderWay(reason()));
        foreach (var channel in channels.Values) channel.End(UnderWay(reason()));
    }

    private static LmStudioException UnderWay(LmStudioException reason) =>
        reason is LmStudioConnectionException lost ? new LmStudioConnectionException(lost.Message, lost.InnerException) { UnderWay = true } : reason;

    private async Task SendAllAsync()
    {
        await foreach (var frame in outgoing.Reader.ReadAllAsync(lifetime.Token).ConfigureAwait(false))
            using (frame)
                await socket.SendAsync(frame.Written, WebSocketMessageType.Text, true, lifetime.Token).ConfigureAwait(false);
    }

    private async Task ReceiveAllAsync()
    {
        while (await reader.ReadAsync(lifetime.Token).ConfigureAwait(false) is { } frame)
        {
            Volatile.Write(ref lastReceived, options.TimeProvider.GetTimestamp());
            if (Parse(frame) is { } message) Dispatch(message);
        }
    }

    /// <summary>Asks a silent peer for a sign of life, and gives up when none comes.</summary>
    private async Task WatchAsync()
    {
        long? asked = null;
        while (true)
        {
            var received = Volatile.Read(ref lastReceived);
            if (received >= asked) asked = null;
            if (asked is null && options.TimeProvider.GetElapsedTime(received) >= options.KeepAliveInterval) asked = AskForLife();

            var left = asked is { } since
                ? options.KeepAliveTimeout - options.TimeProvider.GetElapsedTime(since)
                : options.KeepAliveInterval - options.TimeProvider.GetElapsedTime(received);
            if (asked is not null && left <= TimeSpan.Zero)
                throw new LmStudioConnectionException($"LM Studio gave no sign of life for {options.KeepAliveTimeout.TotalSeconds:0.###} s after it was asked for one.");
            var wait = left < options.KeepAliveInterval ? left : options.KeepAliveInterval;
            await Task.Delay(wait > ShortestWatch ? wait : ShortestWatch, options.TimeProvider, lifetime.Token).ConfigureAwait(false);
        }
    }

    /// <summary>The question counts as asked also when the way is blocked: then the peer does not even read.</summary>
    private long AskForLife()
    {
        var frame = OutgoingFrames.KeepAlive();
        if (!outgoing.Writer.TryWrite(frame)) frame.Dispose();
        return options.TimeProvider.GetTimestamp();
    }

    private JsonElement? Parse(Frame frame)
    {
        try
        {
            if (frame.IsText)
            {
                var json = new Utf8JsonReader(frame.Bytes.Span);
                var element = JsonElement.ParseValue(ref json);
                if (element.ValueKind == JsonValueKind.Object) return element;
            }
        }
        catch (JsonException)
        {
            // Said below, with every other frame that is no message.
        }

        options.Warn(name, $"Ignored a frame of {frame.Bytes.Length} bytes that is not a JSON object.");
        return null;
    }

    private void Dispatch(JsonElement frame)
    {
        switch (frame.Text("type"))
        {
            case "rpcResult" when CallOf(frame) is { } call: call.Succeed(frame.Member("result")); break;
            case "rpcError" when CallOf(frame) is { } call: call.Fail(new LmStudioRequestException(call.Endpoint, ErrorIn(frame))); break;
            case "channelSend" when ChannelOf(frame) is { } channel && frame.Member("message") is { } message: channel.Deliver(message); break;
            case "channelClose" when ChannelOf(frame) is { } channel: channel.Close(); break;
            case "channelError" when ChannelOf(frame) is { } channel:
                channel.End(new LmStudioRequestException(channel.Endpoint, ErrorIn(frame)));
                break;
            case "communicationWarning": Heed(PeerWarning.Read(frame)); break;
            case "rpcResult" or "rpcError" or "channelSend" or "channelClose" or "channelError" or "channelAck" or "keepAliveAck":
                break; // For a request that is over, or without meaning for this client.
            default:
                options.Warn(name, $"Ignored a frame of the unknown type '{frame.Text("type")}'.");
                break;
        }
    }

    private PendingCall? CallOf(JsonElement frame) => frame.Int32("callId") is { } id && calls.TryGetValue(id, out var call) ? call : null;

    private SocketChannel? ChannelOf(JsonElement frame) =>
        frame.Int32("channelId") is { } id && channels.TryGetValue(id, out var channel) ? channel : null;

    private static LmStudioError ErrorIn(JsonElement frame) => LmStudioError.Read(frame.Member("error") ?? default);

    /// <summary>Fails what the warning refuses. An endpoint that does not exist is remembered: the server says so five times at most.</summary>
    private void Heed(PeerWarning warning)
    {
        options.Warn(name, warning.Text, warning.Kind);
        if (!warning.IsRefusal) return;
        var endpoint = warning.Endpoint!;
        if (warning.EndpointMissing) missingEndpoints[endpoint] = warning;
        if (warning.AboutChannel)
        {
            foreach (var channel in channels.Values)
                if (channel.Endpoint == endpoint && !channel.IsAnswered) channel.End(warning.Failure(endpoint));
        }
        else
        {
            foreach (var call in calls.Values)
                if (call.Endpoint == endpoint) call.Fail(warning.Failure(endpoint));
        }
    }

    private void ThrowIfMissing(string endpoint)
    {
        if (missingEndpoints.TryGetValue(endpoint, out var warning)) throw warning.Failure(endpoint);
    }
}
