using System.Buffers;
using LeanNats.JetStream.Models;
using LeanNats.Transport;

namespace LeanNats.JetStream;

/// <summary>Settings of a <see cref="NatsJSPublisher"/>.</summary>
public sealed record NatsJSPublisherOpts
{
    /// <summary>How many messages may wait for their acknowledgement.</summary>
    public int MaxInFlight { get; init; } = 8;

    /// <summary>How long one acknowledgement may take.</summary>
    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long messages are sent again after a lost connection or a restart of the server while none gets through. It must stay below the
    /// stream's duplicate window.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Publishes many messages to one stream, several under way at a time, each stored once and in order, over lost connections and restarts
/// of the server. For one caller at a time.
/// </summary>
/// <remarks>
/// Every message has an id, so that sending it again does no harm. All that is under way goes over one connection: when that is lost,
/// everything without an acknowledgement goes out again over the next one, from the oldest on. So no message can overtake another.
/// </remarks>
public sealed class NatsJSPublisher(NatsJSContext js, NatsJSPublisherOpts? opts = null) : IAsyncDisposable
{
    private readonly NatsJSPublisherOpts opts = opts ?? new NatsJSPublisherOpts();
    private readonly Queue<InFlight> inFlight = [];
    private readonly CancellationTokenSource stop = new();
    private readonly string id = Nuid.Next();
    private long count;
    private SessionWriter? line;

    /// <summary>The number in the stream of the last message that is known to be stored.</summary>
    public ulong LastSequence { get; private set; }

    /// <summary>
    /// Sends a message once there is room among those under way; the data is copied. Throws, for this or an earlier message,
    /// <see cref="NatsJSApiException"/> when the stream refuses it, <see cref="NatsJSException"/> when the stream lost what it had
    /// acknowledged, and what a request throws when nothing got through for <see cref="NatsJSPublisherOpts.Patience"/>. After a failure
    /// the publisher is of no more use.
    /// </summary>
    public ValueTask PublishAsync(string subject, ReadOnlyMemory<byte> data, NatsHeaders? headers = null, CancellationToken cancellationToken = default)
    {
        var rented = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(rented);
        return PublishRentedAsync(new InFlight(subject, rented, data.Length), headers, cancellationToken);
    }

    /// <summary>Waits until every message is stored. Throws what <see cref="PublishAsync"/> throws.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        while (inFlight.Count > 0) await SettleOldestAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives up what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        while (inFlight.TryDequeue(out var message))
        {
            await Settled.Of(message.Ack).ConfigureAwait(false);
            message.Recycle();
        }

        stop.Dispose();
    }

    /// <summary>Waits until the server has judged all that is under way, whether it stored it or not.</summary>
    internal async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var message in inFlight) await Settled.Of(message.Ack).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="PublishAsync"/>, with a buffer of the array pool that becomes the publisher's.</summary>
    internal async ValueTask PublishRentedAsync(InFlight message, NatsHeaders? headers, CancellationToken cancellationToken)
    {
        while (inFlight.Count >= opts.MaxInFlight || (inFlight.TryPeek(out var oldest) && oldest.Ack.IsCompletedSuccessfully))
            await SettleOldestAsync(cancellationToken).ConfigureAwait(false);
        message.Headers = new NatsJSPubOpts { MsgId = $"{id}.{++count}" }.AddTo(headers);
        if (inFlight.Count == 0) line = js.Connection.Outgoing.Writer;
        inFlight.Enqueue(message);
        if (line is not null) Send(message);
    }

    private async ValueTask SettleOldestAsync(CancellationToken cancellationToken)
    {
        var start = js.Time.GetTimestamp();
        while (true)
        {
            try
            {
                if (line is null) await SendAgainAsync(cancellationToken).ConfigureAwait(false);
                var ack = await inFlight.Peek().Ack.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (ack.Seq <= LastSequence) throw new NatsJSException($"The stream '{ack.Stream}' lost or reordered messages that it had acknowledged.");
                LastSequence = ack.Seq;
                inFlight.Dequeue().Recycle();
                return;
            }
            catch (NatsException e) when (Passing.Is(e) && js.Time.GetElapsedTime(start) < opts.Patience)
            {
                line = null;
                await Passing.PauseAsync(js.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends everything that has no acknowledgement, in order, once nothing of it is under way any more.</summary>
    private async ValueTask SendAgainAsync(CancellationToken cancellationToken)
    {
        foreach (var message in inFlight) await Settled.Of(message.Ack).WaitAsync(cancellationToken).ConfigureAwait(false);
        await js.Connection.FlushAsync(cancellationToken).ConfigureAwait(false);
        line = js.Connection.Outgoing.Writer ?? throw new NatsConnectionLostException("The connection was lost again.");
        foreach (var message in inFlight)
            if (!message.Ack.IsCompletedSuccessfully)
                Send(message);
    }

    private void Send(InFlight message) => message.Ack = PublishOnceAsync(message);

    private async Task<PubAck> PublishOnceAsync(InFlight message)
    {
        var terms = new RequestTerms(message.Subject, message.Data, message.Headers, opts.AckTimeout, line);
        var reply = await js.Connection.RequestAsync(terms, stop.Token).ConfigureAwait(false);
        return NatsJSContext.ReadAck(reply);
    }

    /// <summary>A message that is not known to be stored.</summary>
    internal sealed class InFlight(string subject, byte[] rented, int length)
    {
        private static readonly Task<PubAck> NotSent = Task.FromException<PubAck>(new NatsTimeoutException("The message was not sent yet."));

        public string Subject => subject;

        public ReadOnlyMemory<byte> Data => rented.AsMemory(0, length);

        public NatsHeaders? Headers { get; set; }

        public Task<PubAck> Ack { get; set; } = NotSent;

        public void Recycle() => ArrayPool<byte>.Shared.Return(rented);
    }
}
