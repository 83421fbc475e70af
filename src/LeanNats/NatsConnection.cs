using System.Collections.Concurrent;
using LeanNats.Protocol;
using LeanNats.Transport;

namespace LeanNats;

/// <summary>
/// A connection to a NATS server or cluster, for any number of users at once. It connects on first use, comes back by itself after a
/// loss, and then restores its subscriptions. Nothing is lost in silence: a publish completes when its bytes were handed to the
/// socket and fails when they were not; <see cref="PublishConfirmedAsync"/> completes when the server has it.
/// </summary>
public sealed partial class NatsConnection : IAsyncDisposable
{
    private readonly ConcurrentDictionary<long, IReceiver> receivers = [];
    private readonly CancellationTokenSource lifetime = new();
    private readonly EventFeed feed = new();
    private readonly Lock gate = new();
    private readonly ServerPool pool;
    private readonly Dialer dialer;
    private long lastSid;

    /// <summary>Throws <see cref="ArgumentException"/> when <see cref="NatsOpts.Url"/> names no servers or a time is not positive.</summary>
    public NatsConnection(NatsOpts opts)
    {
        foreach (var time in new[] { opts.ConnectTimeout, opts.CommandTimeout, opts.RequestTimeout, opts.PingInterval, opts.DrainTimeout })
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero, nameof(opts));
        Opts = opts;
        pool = new ServerPool(opts);
        dialer = new Dialer(opts);
        Outgoing = new OutgoingQueue(opts);
    }

    /// <summary>The settings.</summary>
    public NatsOpts Opts { get; }

    /// <summary>Where the connection is in its life.</summary>
    public NatsConnectionState ConnectionState => state;

    /// <summary>What the server last said about itself; null before the first connection.</summary>
    public NatsServerInfo? ServerInfo { get; private set; }

    internal OutgoingQueue Outgoing { get; }

    /// <summary>
    /// What happens to the connection from now on, until it is disposed. A reader that is far behind misses the oldest events.
    /// </summary>
    public IAsyncEnumerable<NatsEvent> Events(CancellationToken cancellationToken = default) => feed.Watch(cancellationToken);

    /// <summary>A new reply subject.</summary>
    public string NewInbox() => $"{Opts.InboxPrefix}.{Nuid.Next()}";

    internal void Emit(NatsEvent happened) => feed.Emit(happened);

    internal ValueTask OnMessage(in ServerFrame frame) =>
        receivers.TryGetValue(frame.Sid, out var receiver) ? receiver.ReceiveAsync(frame) : default;

    internal void OnInfo(Session from, NatsServerInfo info)
    {
        var wasLameDuck = ServerInfo is { LameDuckMode: true };
        ServerInfo = info;
        pool.Learn(from.Server, info);
        if (info.LameDuckMode && !wasLameDuck) Emit(new NatsLameDuckMode(from.Server.ToString()));
    }

    internal void OnServerError(Session from, string error)
    {
        var reason = new NatsServerException(error);
        if (ServerErrors.RefusedSubscription(error) is { } refused) EndRefused(refused, reason);
        if (ServerErrors.RefusedPublish(error) is { } subject)
        {
            from.Writer.OnRefusedPublish(subject, reason);
            inbox?.OnRefusedPublish(subject, reason);
        }

        Emit(new NatsServerError(error));
    }
}
