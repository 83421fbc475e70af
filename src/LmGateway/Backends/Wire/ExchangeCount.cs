namespace LmGateway.Backends.Wire;

/// <summary>The exchanges with one server that are under way, so that no more connections than are wanted stay open when they end.</summary>
/// <param name="most">Idle connections that are kept; null for any number.</param>
internal sealed class ExchangeCount(int? most)
{
    private int underWay;

    /// <summary>One begins. True where its connection would be one idle connection too many, and is to be closed by it.</summary>
    public bool Enter() => Interlocked.Increment(ref underWay) > most;

    /// <summary>One is over; its connection is idle or closed.</summary>
    public void Leave() => Interlocked.Decrement(ref underWay);
}
