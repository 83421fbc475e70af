using System.Buffers.Text;
using System.Collections.Concurrent;
using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>
/// The one subscription that all replies to requests come to. Each request has its own last token, a number, by which its reply
/// finds it.
/// </summary>
internal sealed class RequestInbox(NatsConnection connection, long sid, string inbox) : IReceiver
{
    private readonly ConcurrentDictionary<long, PendingRequest> pending = [];
    private long lastToken;

    public long Sid => sid;

    public string Subject { get; } = inbox + ".*";

    public string? QueueGroup => null;

    public int? Remaining => null;

    public SessionWriter? Writer { get; set; }

    /// <summary>Opens a place for one reply: its subject, and what is told of it. <see cref="Remove"/> gives it back.</summary>
    public (long Token, string ReplyTo, PendingRequest Request) Add(string subject)
    {
        var token = Interlocked.Increment(ref lastToken);
        var request = new PendingRequest(subject);
        pending[token] = request;
        return (token, $"{inbox}.{token}", request);
    }

    public void Remove(long token)
    {
        if (pending.TryRemove(token, out var request)) request.TrySetCanceled(CancellationToken.None);
    }

    /// <summary>Completes, without an error, when every request that is open now has its end.</summary>
    public Task Answered => Task.WhenAll(pending.Values.Select(request => Settled.Of(request.Task)));

    public ValueTask ReceiveAsync(in ServerFrame frame)
    {
        var last = frame.Subject[(frame.Subject.LastIndexOf((byte)'.') + 1)..];
        if (Utf8Parser.TryParse(last, out long token, out var used) && used == last.Length && pending.TryRemove(token, out var request))
            request.TrySetResult(MessageReader.Read(frame, connection, null, pooled: false));
        return default;
    }

    public void End(Exception? reason)
    {
        foreach (var (token, request) in pending)
            if (pending.TryRemove(token, out _))
                request.TrySetException(reason ?? new ObjectDisposedException(nameof(NatsConnection)));
    }

    /// <summary>The server refused to take messages on that subject.</summary>
    public void OnRefusedPublish(string subject, Exception reason)
    {
        foreach (var (token, request) in pending)
            if (request.Subject == subject && request.Writer is not null && pending.TryRemove(token, out _))
                request.TrySetException(reason);
    }

    /// <summary>The replies to what went out on that connection will not come.</summary>
    public void Disconnected(SessionWriter writer, Exception reason)
    {
        foreach (var (token, request) in pending)
            if (request.Writer == writer && pending.TryRemove(token, out _))
                request.TrySetException(new NatsConnectionLostException("The connection to the NATS server was lost before the reply came.", reason));
    }
}
