using static LeanNats.JetStream.JetStreamJson;

namespace LeanNats.JetStream;

/// <summary>
/// Pulling from one consumer over one connection: an inbox of its own, and the count of what the server still owes. It ends with
/// <see cref="NatsConnectionLostException"/> when the connection does.
/// </summary>
internal sealed class PullSession : IAsyncDisposable
{
    private readonly NatsJSContext js;
    private readonly NatsSubscription inbox;
    private readonly string subject;

    private PullSession(NatsJSContext js, NatsSubscription inbox, string subject) => (this.js, this.inbox, this.subject) = (js, inbox, subject);

    /// <summary>How many messages the server may still send.</summary>
    public long OwedMsgs { get; private set; }

    public static async ValueTask<PullSession> OpenAsync(
        NatsJSContext js, string stream, string consumer, bool pooledPayloads, CancellationToken cancellationToken)
    {
        // What comes is bounded by what is asked for.
        var opts = new NatsSubOpts
        {
            Capacity = int.MaxValue, CapacityBytes = long.MaxValue, EndOnDisconnect = true, PooledPayloads = pooledPayloads,
        };
        var replies = await js.Connection.SubscribeCoreAsync(js.Connection.NewInbox(), opts: opts, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return new PullSession(js, replies, js.Api($"CONSUMER.MSG.NEXT.{stream}.{consumer}"));
    }

    public async ValueTask PullAsync(PullRequest request, CancellationToken cancellationToken)
    {
        var body = Write(request, Context.PullRequest);
        OwedMsgs += request.Batch;
        await js.Connection.PublishAsync(subject, body, replyTo: inbox.Subject, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The next thing the server says: a message, a heartbeat, or that a pull has ended. Throws <see cref="NatsNoReplyException"/> when it
    /// says nothing for <paramref name="patience"/>, and <see cref="NatsJSProtocolException"/> when pulling cannot go on.
    /// </summary>
    public async ValueTask<PullItem> ReadAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        NatsMsg message;
        while (!inbox.Msgs.TryRead(out message))
        {
            var wait = inbox.Msgs.WaitToReadAsync(cancellationToken);
            try
            {
                var isOpen = wait.IsCompleted ? await wait.ConfigureAwait(false)
                    : await wait.AsTask().WaitAsync(patience, js.Time, cancellationToken).ConfigureAwait(false);
                if (!isOpen) throw new NatsConnectionLostException("The pull was closed with its connection.");
            }
            catch (TimeoutException)
            {
                throw new NatsNoReplyException($"The server said nothing about a pull for {patience.TotalSeconds} s.");
            }
        }

        return message.Subject == inbox.Subject && message.Headers is { Code: > 0 } status ? ReadStatus(status) : ReadMessage(message);
    }

    public ValueTask DisposeAsync() => inbox.DisposeAsync();

    private PullItem ReadMessage(in NatsMsg message)
    {
        OwedMsgs--;
        return new PullItem { Message = new NatsJSMsg(message, js) };
    }

    private PullItem ReadStatus(NatsHeaders status)
    {
        if (status.Code == 100)
            return new PullItem { LastConsumerSequence = Number(status, "Nats-Last-Consumer") };
        if (status.Code == 503) throw new NatsNoRespondersException(subject);
        var isOver = status.Code is 404 or 408 || (status.Code == 409 && !IsFinal(status.MessageText));
        if (!isOver) throw new NatsJSProtocolException(status.Code, status.MessageText);
        // A server that does not say what is left of the pull ends the only one there is, or one that gave nothing.
        OwedMsgs = Math.Max(0, OwedMsgs - (long)(Number(status, "Nats-Pending-Messages") ?? (ulong)OwedMsgs));
        return new PullItem { IsEndOfPull = true };
    }

    private static bool IsFinal(string text) =>
        text.StartsWith("Consumer Deleted", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("Consumer is push based", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("Exceeded MaxRequest", StringComparison.OrdinalIgnoreCase);

    private static ulong? Number(NatsHeaders status, string name) =>
        status.TryGetLastValue(name, out var text) && ulong.TryParse(text, out var number) ? number : null;
}

/// <summary>What came to a pull; one of the three.</summary>
internal readonly record struct PullItem
{
    public NatsJSMsg? Message { get; init; }

    /// <summary>A heartbeat, and the number of the last message that the consumer had delivered.</summary>
    public ulong? LastConsumerSequence { get; init; }

    public bool IsEndOfPull { get; init; }
}
