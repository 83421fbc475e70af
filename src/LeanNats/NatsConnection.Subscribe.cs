using System.Runtime.CompilerServices;
using LeanNats.Transport;

namespace LeanNats;

public sealed partial class NatsConnection
{
    /// <summary>
    /// Subscribes when the enumeration begins and unsubscribes when it is left. With a queue group each message goes to one member.
    /// It ends when the server refuses the subject (<see cref="NatsServerException"/>) or the connection ends for good.
    /// </summary>
    public async IAsyncEnumerable<NatsMsg> SubscribeAsync(
        string subject, string? queueGroup = null, NatsSubOpts? opts = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var subscription = await SubscribeCoreAsync(subject, queueGroup, opts, cancellationToken).ConfigureAwait(false);
        await using (subscription.ConfigureAwait(false))
        {
            await foreach (var message in subscription.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return message;
        }
    }

    /// <summary>
    /// Subscribes at once. The SUB goes out before anything that is sent after this returns; dispose the subscription to end it.
    /// </summary>
    public async ValueTask<NatsSubscription> SubscribeCoreAsync(
        string subject, string? queueGroup = null, NatsSubOpts? opts = null, CancellationToken cancellationToken = default)
    {
        NatsSubject.CheckSubscribe(subject, nameof(subject));
        NatsSubject.CheckQueueGroup(queueGroup, nameof(queueGroup));
        NatsSubject.CheckLength(subject, queueGroup, nameof(subject));
        if (opts is { MaxMsgs: < 1 }) throw new ArgumentOutOfRangeException(nameof(opts), "MaxMsgs is at least 1.");
        if (isDraining) throw new NatsDrainingException();
        return await AddSubscriptionAsync(subject, queueGroup, opts ?? new NatsSubOpts(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a subscription, on the connection that has it too.</summary>
    internal void Remove(IReceiver receiver)
    {
        if (Forget(receiver)) receiver.Writer?.Unsubscribe(receiver);
    }

    /// <summary>Ends a subscription that the server no longer has.</summary>
    internal bool Forget(IReceiver receiver) => receivers.TryRemove(receiver.Sid, out _);

    private async ValueTask<NatsSubscription> AddSubscriptionAsync(
        string subject, string? queueGroup, NatsSubOpts opts, CancellationToken cancellationToken)
    {
        await EnsureConnectedAsync(cancellationToken).ConfigureAwait(false);
        var subscription = new NatsSubscription(this, Interlocked.Increment(ref lastSid), subject, queueGroup, opts);
        Add(subscription);
        return subscription;
    }

    /// <summary>A connection that opens meanwhile sends the SUB as well, but each connection sends it once.</summary>
    private void Add(IReceiver receiver)
    {
        receivers[receiver.Sid] = receiver;
        Outgoing.Writer?.Subscribe(receiver);
        if (closeReason is not { } reason) return;
        Forget(receiver);
        throw reason;
    }

    /// <summary>Puts every subscription on a connection. One that is ended at the same moment must not stay there: it would take its share of a queue group.</summary>
    private void Subscribe(SessionWriter writer)
    {
        foreach (var (sid, receiver) in receivers)
        {
            writer.Subscribe(receiver);
            if (!receivers.ContainsKey(sid)) writer.Unsubscribe(receiver);
        }
    }

    private void EndRefused(string subject, NatsServerException reason)
    {
        foreach (var (_, receiver) in receivers)
        {
            if (receiver.Subject != subject || !Forget(receiver)) continue;
            receiver.End(reason);
            if (receiver == inbox) inbox = null;
        }
    }
}
