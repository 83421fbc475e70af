using System.Runtime.CompilerServices;
using LeanNats.Protocol;
using LeanNats.Transport;

namespace LeanNats;

public sealed partial class NatsConnection
{
    private volatile RequestInbox? inbox;

    /// <summary>
    /// Asks and waits for the one reply, for <see cref="NatsOpts.RequestTimeout"/> unless <paramref name="timeout"/> says otherwise.
    /// Throws <see cref="NatsNoRespondersException"/> when nobody subscribes, <see cref="NatsNoReplyException"/> when no reply came in
    /// time, <see cref="NatsConnectionLostException"/> when the connection broke meanwhile, and what <see cref="PublishAsync"/> throws.
    /// </summary>
    public ValueTask<NatsMsg> RequestAsync(
        string subject, ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        RequestAsync(new RequestTerms(subject, data, headers, timeout), cancellationToken);

    internal async ValueTask<NatsMsg> RequestAsync(RequestTerms terms, CancellationToken cancellationToken)
    {
        var subject = terms.Subject;
        await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
        var limit = terms.Timeout ?? Opts.RequestTimeout;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(terms.Timeout));
        var start = Opts.TimeProvider.GetTimestamp();
        var replies = OpenInbox();
        var (token, replyTo, pending) = replies.Add(subject);
        try
        {
            var message = new OutgoingMessage(subject, replyTo, terms.Headers, terms.Data);
            var item = new Outgoing { Message = message, Request = pending, Only = terms.Only };
            var patience = terms.Only is not null || limit < Opts.CommandTimeout ? limit : Opts.CommandTimeout;
            await Outgoing.SendAsync(item, patience, cancellationToken).ConfigureAwait(false);
            var rest = limit - Opts.TimeProvider.GetElapsedTime(start);
            var reply = await pending.Task.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, Opts.TimeProvider, cancellationToken)
                .ConfigureAwait(false);
            return Checked(reply, subject);
        }
        catch (TimeoutException)
        {
            throw new NatsNoReplyException($"No reply on '{subject}' within {limit.TotalSeconds} s.");
        }
        finally
        {
            replies.Remove(token);
        }
    }

    /// <summary>
    /// Asks and hands out every reply. The replies have a subscription of their own, so that whoever answers can learn from the server
    /// when this enumeration is left. Without <paramref name="replyOpts"/> an empty message is the end, and each reply may take
    /// <see cref="NatsOpts.RequestTimeout"/>; those bounds hold also where <paramref name="replyOpts"/> sets none.
    /// Throws what <see cref="RequestAsync"/> throws.
    /// </summary>
    public async IAsyncEnumerable<NatsMsg> RequestManyAsync(
        string subject, ReadOnlyMemory<byte> data = default, NatsHeaders? headers = null, NatsSubOpts? replyOpts = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var opts = (replyOpts ?? new NatsSubOpts { StopOnEmptyMsg = true }) with { EndOnDisconnect = true, AreReplies = true };
        if (opts is { Timeout: null, IdleTimeout: null }) opts = opts with { IdleTimeout = Opts.RequestTimeout };
        var message = new OutgoingMessage(subject, NewInbox(), headers, data);
        var replies = await AddSubscriptionAsync(message.ReplyTo!, null, opts, cancellationToken).ConfigureAwait(false);
        await using (replies.ConfigureAwait(false))
        {
            await Outgoing.SendAsync(new Outgoing { Message = message }, Opts.CommandTimeout, cancellationToken).ConfigureAwait(false);
            await foreach (var reply in replies.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return Checked(reply, subject);
        }
    }

    private static NatsMsg Checked(in NatsMsg reply, string subject)
    {
        if (reply.HasNoResponders) throw new NatsNoRespondersException(subject);
        reply.EnsureSuccess();
        return reply;
    }

    private RequestInbox OpenInbox()
    {
        if (inbox is { } open) return open;
        lock (gate)
        {
            if (inbox is { } opened) return opened;
            var added = new RequestInbox(this, Interlocked.Increment(ref lastSid), NewInbox());
            Add(added);
            return inbox = added;
        }
    }
}
