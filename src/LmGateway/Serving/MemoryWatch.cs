using LmGateway.Configuration;

namespace LmGateway.Serving;

/// <summary>Memory in bytes: what the process uses, and what it may use.</summary>
internal readonly record struct MemoryReading(long Used, long Limit)
{
    public int Percent => Limit <= 0 ? 0 : (int)Math.Min(100, Used * 100 / Limit);
}

/// <summary>
/// Tells when memory runs short, so that work is refused while there is still enough for what runs. Its own use counts, not the machine's: models fill
/// that on purpose. What is garbage is given back before anybody is refused.
/// </summary>
internal sealed class MemoryWatch(LiveSettings settings, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BetweenCollections = TimeSpan.FromSeconds(5);

    private readonly Lock looking = new();
    private long lookedAt;
    private long collectedAt;
    private volatile bool isShort;

    /// <summary>Where the figures come from.</summary>
    public Func<MemoryReading> Read { get; set; } = static () => new MemoryReading(Environment.WorkingSet, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>Gives back what can be given back.</summary>
    public Action Collect { get; set; } = static () => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Past the share that is set, as measured a moment ago.</summary>
    public bool IsShort
    {
        get
        {
            if (settings.Current.Limits.MemoryPercent is var percent and > 0) Look(percent);
            else isShort = false;
            return isShort;
        }
    }

    private void Look(int percent)
    {
        var last = Volatile.Read(ref lookedAt);
        if (last != 0 && time.GetElapsedTime(last) < Freshness || !looking.TryEnter()) return;
        try
        {
            var over = Read().Percent >= percent;
            if (over && (collectedAt == 0 || time.GetElapsedTime(collectedAt) >= BetweenCollections))
            {
                collectedAt = time.GetTimestamp();
                Collect();
                over = Read().Percent >= percent;
            }

            isShort = over;
            Volatile.Write(ref lookedAt, time.GetTimestamp());
        }
        finally
        {
            looking.Exit();
        }
    }
}
