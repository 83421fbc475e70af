namespace LmGateway.Observability.Metrics;

/// <summary>Counts values by how large they are. Any number of threads may count; none waits for another.</summary>
internal sealed class Histogram(double[] bounds)
{
    /// <summary>Seconds, from a millisecond to ten minutes.</summary>
    public static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

    /// <summary>Tokens in a second.</summary>
    public static readonly double[] Speeds = [1, 2, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000];

    private readonly long[] counts = new long[bounds.Length + 1];
    private double sum;

    public IReadOnlyList<double> Bounds => bounds;

    public double Sum => Volatile.Read(ref sum);

    public void Note(double value)
    {
        var bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket]) bucket++;
        Interlocked.Increment(ref counts[bucket]);
        for (var seen = Volatile.Read(ref sum); ;)
        {
            var found = Interlocked.CompareExchange(ref sum, seen + value, seen);
            if (found.Equals(seen)) return;
            seen = found;
        }
    }

    /// <summary>How many values were at most as large as each bound, and how many there were at all.</summary>
    public long[] Cumulative()
    {
        var below = new long[counts.Length];
        var total = 0L;
        for (var i = 0; i < counts.Length; i++) below[i] = total += Volatile.Read(ref counts[i]);
        return below;
    }
}
