namespace LmGateway.Events;

/// <summary>
/// Where everything that happens is told, and where it is heard. One ring holds the newest events for all subscribers; each reads it at its
/// own pace, and one that is slower than the ring is long loses the oldest events and is told how many. Publishing takes no lock, waits
/// for nobody and, while nobody listens, does nothing.
/// </summary>
/// <remarks>
/// A publisher takes the next number, puts the event into its place in the ring and lets a thread of the pool wake those who wait. A place
/// is only ever given to a newer event, so a reader that finds an older one there knows that its event is still on the way, and one that
/// finds a newer one knows that it was overtaken. Many subscribers are woken a moment later, so that the writes to all of them come after the
/// request that is told of, and its events together. For a while after the last subscriber has left, events are still kept, so that
/// it can come back and resume.
/// </remarks>
internal sealed class EventHub(TimeProvider time) : IThreadPoolWorkItem, IDisposable
{
    /// <summary>Events that a subscriber may be behind.</summary>
    public const int Capacity = 4096;

    /// <summary>How long events are kept for a subscriber that has left.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromMinutes(5);

    /// <summary>Up to so many subscribers are woken at once.</summary>
    public const int Few = 32;

    /// <summary>How long more of them wait for the events that follow the first.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private const int Mask = Capacity - 1;

    private readonly PublishedEvent?[] ring = new PublishedEvent?[Capacity];
    private readonly Lock door = new();
    private TaskCompletionSource signal = NewSignal();
    private long newest;
    private long first;
    private long dropped;
    private long leftAt;
    private bool awake;
    private int subscribers;
    private int waking;
    private ITimer? gathering;

    /// <summary>Somebody listens, or may come back: only then is an event worth making.</summary>
    public bool IsListening => Volatile.Read(ref awake) && (Volatile.Read(ref subscribers) > 0 || time.GetElapsedTime(Volatile.Read(ref leftAt)) < Linger);

    public int Subscribers => Volatile.Read(ref subscribers);

    /// <summary>Events that slow subscribers have lost, all together.</summary>
    public long Dropped => Volatile.Read(ref dropped);

    public void Publish(GatewayEvent happened)
    {
        if (!IsListening) return;
        var published = new PublishedEvent(happened, time.GetUtcNow());
        published.Id = Interlocked.Increment(ref newest);
        ref var place = ref ring[published.Id & Mask];
        for (var seen = Volatile.Read(ref place); seen is null || seen.Id < published.Id;)
        {
            var found = Interlocked.CompareExchange(ref place, published, seen);
            if (found == seen) break;
            seen = found;
        }

        var listening = Volatile.Read(ref subscribers);
        if (listening == 0 || Interlocked.Exchange(ref waking, 1) != 0) return;
        if (listening <= Few || Volatile.Read(ref gathering)?.Change(Gathering, Timeout.InfiniteTimeSpan) != true) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Dispose() => gathering?.Dispose();

    /// <summary>
    /// Events from now on; with <paramref name="after"/> those that followed that one too. Where they are no longer known, the subscription
    /// begins with an <see cref="EventsDropped"/>.
    /// </summary>
    public EventSubscription Subscribe(long? after = null)
    {
        lock (door)
        {
            if (!IsListening) Wake();
            if (Interlocked.Increment(ref subscribers) > Few)
                gathering ??= time.CreateTimer(static hub => ((IThreadPoolWorkItem)hub!).Execute(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Volatile.Write(ref awake, true);
            var next = Interlocked.Read(ref newest) + 1;
            if (after is not { } last || last >= next) return new EventSubscription(this, next, lost: null);
            var known = Math.Max(Interlocked.Read(ref first), next - Capacity);
            if (last + 1 >= known) return new EventSubscription(this, last + 1, lost: null);
            return new EventSubscription(this, known, new EventsDropped(last + 1 >= first ? known - last - 1 : null));
        }
    }

    /// <summary>The next event for a reader who has come this far; null where there is none yet.</summary>
    internal PublishedEvent? Read(ref long next)
    {
        var found = Volatile.Read(ref ring[next & Mask]);
        if (found is null || found.Id < next) return null;
        if (found.Id == next)
        {
            next++;
            return found;
        }

        // Overtaken. It goes on well ahead of the writers, or it would be overtaken again at once.
        var onward = Math.Max(next + 1, Interlocked.Read(ref newest) - (Capacity * 3 / 4));
        var count = onward - next;
        Interlocked.Add(ref dropped, count);
        next = onward;
        return Lost(new EventsDropped(count), onward - 1);
    }

    /// <summary>Whether <see cref="Read"/> has something for a reader who has come this far.</summary>
    internal bool IsThere(long next) => Volatile.Read(ref ring[next & Mask])?.Id >= next;

    internal PublishedEvent Lost(EventsDropped lost, long until) => new(lost, time.GetUtcNow()) { Id = until };

    /// <summary>Completes at the next event after this call, or earlier.</summary>
    internal Task Signal => Volatile.Read(ref signal).Task;

    internal void Leave()
    {
        lock (door)
        {
            Volatile.Write(ref leftAt, time.GetTimestamp());
            Interlocked.Decrement(ref subscribers);
        }
    }

    /// <summary>Wakes all who wait, on a thread of the pool.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        Interlocked.Exchange(ref waking, 0);
        Interlocked.Exchange(ref signal, NewSignal()).SetResult();
    }

    /// <summary>Nothing was kept until now: numbers go on from the clock, so that no number ever means two events.</summary>
    private void Wake()
    {
        var fromClock = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        Interlocked.Exchange(ref newest, Math.Max(fromClock, Interlocked.Read(ref newest) + 1));
        Interlocked.Exchange(ref first, Interlocked.Read(ref newest) + 1);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
