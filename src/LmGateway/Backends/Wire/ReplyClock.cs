namespace LmGateway.Backends.Wire;

/// <summary>
/// The time that a reply may take: in all, and in silence between two reads. It serves one exchange after another, and its timer is touched only where it
/// would fire too late: what came in time leaves it as it is.
/// </summary>
internal sealed class ReplyClock(TimeProvider time, Action expire) : IDisposable
{
    private const long Never = long.MaxValue;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Lock turning = new();
    private ITimer? timer;
    private TimeSpan? total;
    private TimeSpan? idle;
    private long deadline = Never;
    private long due = Never;
    private long wakes = Never;

    /// <summary>The limit that ran out in the exchange that runs, or ran last; null for none.</summary>
    public TimeSpan? Expired { get; private set; }

    /// <summary>An exchange begins, or began at a timestamp. Where a limit runs out before <see cref="End"/>, the exchange is ended by the action, once.</summary>
    public void Begin(TimeSpan? totalLimit, TimeSpan? idleLimit, long since)
    {
        (total, idle, Expired) = (Finite(totalLimit), Finite(idleLimit), null);
        if (total is null && idle is null) return;
        lock (turning)
        {
            deadline = total is { } limit ? since + Ticks(limit) : Never;
            due = Next();
            WakeInTime();
        }
    }

    /// <summary>Starts the silence anew; to be called after every read.</summary>
    public void Touch()
    {
        // Never earlier than before, so that the timer can stay.
        if (idle is not null) Volatile.Write(ref due, Next());
    }

    /// <summary>The exchange is over. False where its time was over first, so that it was ended, or is being ended now.</summary>
    public bool End()
    {
        if (total is null && idle is null) return true;
        lock (turning) due = Never;
        return Expired is null;
    }

    public void Dispose() => timer?.Dispose();

    private static TimeSpan? Finite(TimeSpan? limit) => limit == Timeout.InfiniteTimeSpan ? null : limit;

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private long Next() => idle is { } silence ? Math.Min(deadline, time.GetTimestamp() + Ticks(silence)) : deadline;

    private void WakeInTime()
    {
        if (due >= wakes) return;
        wakes = due;
        timer ??= time.CreateTimer(static state => ((ReplyClock)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var left = time.GetElapsedTime(time.GetTimestamp(), due);
        timer.Change(left > Tick ? left : Tick, Timeout.InfiniteTimeSpan);
    }

    private void Look()
    {
        lock (turning)
        {
            wakes = Never;
            var ends = Volatile.Read(ref due);
            if (ends == Never) return;
            if (time.GetTimestamp() < ends)
            {
                WakeInTime();
                return;
            }

            Expired = ends == deadline ? total : idle;
            due = Never;
        }

        expire();
    }
}
