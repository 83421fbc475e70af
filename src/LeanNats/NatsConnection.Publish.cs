using LeanNats.Protocol;
using LeanNats.Transport;

namespace LeanNats;

public sealed partial class NatsConnection
{
    /// <summary>
    /// Publishes a message. Completes when its bytes were handed to the socket; <paramref name="data"/> must stay as it is until then.
    /// Publishes of one caller keep their order, also when they are not awaited one by one.
    /// Throws <see cref="NatsPayloadTooLargeException"/>, <see cref="NatsTimeoutException"/> when there was no connection for
    /// <see cref="NatsOpts.CommandTimeout"/>, <see cref="NatsPendingLimitException"/> when too much waits already, and
    /// <see cref="NatsConnectionLostException"/> when the connection broke meanwhile.
    /// </summary>
    public ValueTask PublishAsync(
        string subject, ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, string? replyTo = null,
        CancellationToken cancellationToken = default)
    {
        var message = new OutgoingMessage(subject, replyTo, headers, data);
        return SendAsync(new Outgoing { Message = message }, Opts.CommandTimeout, cancellationToken);
    }

    /// <summary>
    /// Publishes a message and waits until the server has taken it, which costs a round trip shared by all that are under way.
    /// Throws <see cref="NatsConnectionLostException"/> when that cannot be known, and <see cref="NatsServerException"/> when the server
    /// refused the subject.
    /// </summary>
    public async ValueTask PublishConfirmedAsync(
        string subject, ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, string? replyTo = null,
        CancellationToken cancellationToken = default)
    {
        var message = new OutgoingMessage(subject, replyTo, headers, data);
        await RoundTripAsync(new Outgoing { Message = message, Pong = new PendingPong(subject) }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the server has worked on everything that this connection sent before. It speaks for the connection as it is now: of
    /// what went out on one that was lost it knows nothing; use <see cref="PublishConfirmedAsync"/> for messages that must be known.
    /// </summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        await RoundTripAsync(new Outgoing { Pong = new PendingPong() }, cancellationToken).ConfigureAwait(false);

    /// <summary>The time of a PING and its PONG.</summary>
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
        var start = Opts.TimeProvider.GetTimestamp();
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        return Opts.TimeProvider.GetElapsedTime(start);
    }

    private async ValueTask RoundTripAsync(Outgoing item, CancellationToken cancellationToken)
    {
        await SendAsync(item, Opts.CommandTimeout, cancellationToken).ConfigureAwait(false);
        try
        {
            await item.Pong!.Task.WaitAsync(Opts.CommandTimeout, Opts.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NatsTimeoutException($"The server did not answer a PING for {Opts.CommandTimeout.TotalSeconds} s.");
        }
    }

    private ValueTask SendAsync(Outgoing item, TimeSpan patience, CancellationToken cancellationToken)
    {
        return isStarted ? Outgoing.SendAsync(item, patience, cancellationToken) : ConnectAndSendAsync();

        async ValueTask ConnectAndSendAsync()
        {
            await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
            await Outgoing.SendAsync(item, patience, cancellationToken).ConfigureAwait(false);
        }
    }
}
