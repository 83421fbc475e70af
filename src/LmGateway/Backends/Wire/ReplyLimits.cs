using System.Collections.Concurrent;

namespace LmGateway.Backends.Wire;

/// <summary>The time a reply may take: in all, and in silence between two reads. Its token ends with either, or with the caller's.</summary>
internal sealed class ReplyLimits : IDisposable
{
    private const int MostIdle = 256;

    /// <summary>Sources that were never cancelled, with their timers, to be used again.</summary>
    private static readonly ConcurrentQueue<CancellationTokenSource> Idle = new();

    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration callers;
    private readonly CancellationToken caller;
    private readonly TimeProvider time;
    private readonly long deadline;
    private readonly TimeSpan? total;
    private readonly TimeSpan? idle;
    private TimeSpan? armed;
    private int disposed;

    public ReplyLimits(TimeProvider time, TimeSpan? total, TimeSpan? idle, CancellationToken caller)
    {
        (this.time, this.caller) = (time, caller);
        this.total = total == Timeout.InfiniteTimeSpan ? null : total;
        this.idle = idle == Timeout.InfiniteTimeSpan ? null : idle;
        deadline = this.total is { } limit ? time.GetTimestamp() + (long)(limit.TotalSeconds * time.TimestampFrequency) : long.MaxValue;
        source = IsReal && Idle.TryDequeue(out var known) ? known : new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        callers = caller.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
        Arm();
    }

    public CancellationToken Token => source.Token;

    /// <summary>The token ends with this one already.</summary>
    public bool IsCaller(CancellationToken cancellationToken) => cancellationToken == caller;

    /// <summary>The limit that ran out, if one did.</summary>
    public TimeSpan? Expired { get; private set; }

    /// <summary>Starts the silence anew; to be called after every read.</summary>
    public void Arm()
    {
        if ((total is null && idle is null) || disposed != 0) return;
        if (idle is null && armed is not null) return;      // the whole time is running already
        var left = total is null ? TimeSpan.MaxValue : time.GetElapsedTime(time.GetTimestamp(), deadline);
        var silent = idle is { } silence && silence < left;
        armed = silent ? idle : total;
        var next = silent ? idle!.Value : left;
        source.CancelAfter(next > TimeSpan.Zero ? next : TimeSpan.FromMilliseconds(1));
    }

    /// <summary>To be asked after the token ended: was it a limit, and which one?</summary>
    public void NoteExpiry(CancellationToken caller)
    {
        if (Expired is not null || caller.IsCancellationRequested || disposed != 0 || !source.IsCancellationRequested) return;
        Expired = armed;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        callers.Dispose();
        if (IsReal && source.TryReset() && Idle.Count < MostIdle) Idle.Enqueue(source);
        else source.Dispose();
    }

    /// <summary>The timers of another clock are its own.</summary>
    private bool IsReal => ReferenceEquals(time, TimeProvider.System);
}
