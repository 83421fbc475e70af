namespace LmGateway.Scheduling;

/// <summary>
/// The way into one instance: one word that holds how many requests run inside and two marks, <c>Queued</c> (somebody waits) and
/// <c>Closed</c> (nobody may enter). Any thread enters and leaves; the run loop sets and clears the marks. Only one who found the instance
/// missing closes the gate without the loop, and tells it.
/// </summary>
/// <remarks>
/// <para>Why gate and loop are sound together. Every step on the word is one atomic operation, so all steps on it stand in one order.</para>
/// <para>Nobody is forgotten: the loop sets <c>Queued</c> first and looks for a free slot afterwards. A request that leaves either does so
/// before the mark, and the loop sees its slot, or after it, and then <see cref="Leave"/> reports it to the loop, which looks again.</para>
/// <para>Nobody overtakes: while the mark stands, <see cref="TryEnter"/> refuses, and only the loop lets requests in, in their order.</para>
/// <para>Nobody is evicted: <see cref="TryCloseIdle"/> closes only the word 0, so no request is inside and none can come in between the
/// decision and the unload. A gate that was closed with requests inside hears of each of them through <see cref="Leave"/>; the loop
/// unloads when the count it reads is 0, which after closing can only fall. A gate that is never opened again may be found through
/// an old table of instances; it refuses, and the request goes to the loop.</para>
/// </remarks>
internal sealed class Gate(int limit)
{
    private const int Closed = 1 << 30;
    private const int Queued = 1 << 29;
    private const int Inside = Queued - 1;
    private const int MostAllowed = 1 << 20;

    private int word;
    private int limit = Math.Clamp(limit, 1, MostAllowed);
    private long lastLeft;

    /// <summary>How many requests may be inside. Lowering it sends nobody out.</summary>
    public int Limit
    {
        get => Volatile.Read(ref limit);
        set => Volatile.Write(ref limit, Math.Clamp(value, 1, MostAllowed));
    }

    /// <summary>How many requests are inside now.</summary>
    public int Running => Volatile.Read(ref word) & Inside;

    /// <summary>Timestamp of the last departure, or whatever the loop set.</summary>
    public long LastUsed
    {
        get => Volatile.Read(ref lastLeft);
        set => Volatile.Write(ref lastLeft, value);
    }

    /// <summary>Enters where a slot is free, nobody waits and the gate is open.</summary>
    public bool TryEnter() => TryEnter(ignored: 0);

    /// <summary>Enters in the name of someone who waits. The loop alone calls it.</summary>
    public bool TryAdmit() => TryEnter(ignored: Queued);

    /// <summary>Leaves. True if the loop must be told.</summary>
    public bool Leave(long timestamp)
    {
        Volatile.Write(ref lastLeft, timestamp);
        return Interlocked.Decrement(ref word) >= Queued;
    }

    public void MarkQueued() => Interlocked.Or(ref word, Queued);

    public void ClearQueued() => Interlocked.And(ref word, ~Queued);

    public void Close() => Interlocked.Or(ref word, Closed);

    public void Open() => Interlocked.And(ref word, ~Closed);

    /// <summary>Closes a gate with nobody inside and nobody waiting, or does nothing.</summary>
    public bool TryCloseIdle() => Interlocked.CompareExchange(ref word, Closed, 0) == 0;

    /// <summary>Makes this the gate of an instance that does not exist yet: closed, with the one request inside that makes it come.</summary>
    public Gate WithLead()
    {
        word = Closed + 1;
        return this;
    }

    private bool TryEnter(int ignored)
    {
        var seen = Volatile.Read(ref word);
        while ((seen & ~ignored) < Limit)           // a mark is greater than any limit
        {
            var found = Interlocked.CompareExchange(ref word, seen + 1, seen);
            if (found == seen) return true;
            seen = found;
        }

        return false;
    }
}
