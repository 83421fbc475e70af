using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LeanNats.Protocol;
using LeanNats.Transport;

namespace LeanNats;

/// <summary>
/// A running subscription. It survives a lost connection. Its buffer is bounded: what happens when its reader is too slow is
/// <see cref="NatsSubOpts.FullMode"/>.
/// </summary>
public sealed class NatsSubscription : IReceiver, IAsyncDisposable
{
    private readonly NatsConnection connection;
    private readonly NatsSubOpts opts;
    private readonly MessageBuffer buffer;
    private readonly SubjectText subjectText;
    private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int received;
    private bool isEnumerated;

    internal NatsSubscription(NatsConnection connection, long sid, string subject, string? queueGroup, NatsSubOpts opts)
    {
        (this.connection, this.opts, Sid, Subject, QueueGroup) = (connection, opts, sid, subject, queueGroup);
        subjectText = new SubjectText(subject);
        buffer = new MessageBuffer(opts, connection.Opts.TimeProvider, dropped => connection.Emit(new NatsSlowConsumer(subject, dropped)));
    }

    /// <summary>The subject, which may hold wildcards.</summary>
    public string Subject { get; }

    /// <summary>The queue group; each message goes to one of its members.</summary>
    public string? QueueGroup { get; }

    /// <summary>The messages as they come. Completes when the subscription ends.</summary>
    public ChannelReader<NatsMsg> Msgs => buffer;

    /// <summary>How many messages were lost because the buffer was full.</summary>
    public long DroppedMessages => buffer.Dropped;

    /// <summary>The number of the subscription on its connection.</summary>
    public long Sid { get; }

    int? IReceiver.Remaining => opts.MaxMsgs - received;

    SessionWriter? IReceiver.Writer { get; set; }

    internal bool AreReplies => opts.AreReplies;

    /// <summary>Completes, without an error, when nobody handles a message of this subscription any more.</summary>
    internal Task Handled => isEnumerated ? left.Task : Settled.Of(buffer.Completion);

    /// <summary>Ends the subscription at once. Messages that are buffered can still be read.</summary>
    public ValueTask UnsubscribeAsync()
    {
        connection.Remove(this);
        buffer.Complete(null);
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the subscription after every message that the server has already sent; they can still be read.</summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken = default)
    {
        ((IReceiver)this).Writer?.Unsubscribe(this);
        try
        {
            // The PONG comes behind the last message.
            await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await UnsubscribeAsync().ConfigureAwait(false); // once more: the connection may be a new one by now
        }
    }

    /// <summary>
    /// The messages until the subscription ends or one of the bounds in <see cref="NatsSubOpts"/> is reached. Leaving ends the subscription.
    /// </summary>
    public async IAsyncEnumerable<NatsMsg> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        isEnumerated = true;
        try
        {
            var limits = new ReadLimits(opts, connection.Opts.TimeProvider);
            while (await limits.WaitAsync(buffer, cancellationToken).ConfigureAwait(false))
            {
                while (buffer.TryRead(out var message))
                {
                    if (opts.StopOnEmptyMsg && message.IsEmpty) yield break;
                    limits.OnMessage();
                    yield return message;
                }
            }
        }
        finally
        {
            await UnsubscribeAsync().ConfigureAwait(false);
            left.TrySetResult();
        }
    }

    /// <summary>Ends the subscription at once.</summary>
    public ValueTask DisposeAsync() => UnsubscribeAsync();

    ValueTask IReceiver.ReceiveAsync(in ServerFrame frame)
    {
        var message = MessageReader.Read(frame, connection, subjectText, opts.PooledPayloads);
        var isLast = ++received == opts.MaxMsgs;
        var full = buffer.WriteAsync(message);
        if (!isLast) return full;
        connection.Forget(this);
        return CompleteAfterAsync(full);
    }

    void IReceiver.End(Exception? reason) => buffer.Complete(reason);

    void IReceiver.Disconnected(SessionWriter writer, Exception reason)
    {
        if (!opts.EndOnDisconnect || ((IReceiver)this).Writer != writer) return;
        connection.Forget(this);
        buffer.Complete(new NatsConnectionLostException($"The connection was lost; messages on '{Subject}' may be missing.", reason));
    }

    private async ValueTask CompleteAfterAsync(ValueTask full)
    {
        await full.ConfigureAwait(false);
        buffer.Complete(null);
    }
}
