using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>A <see cref="ReplyClock"/> for one exchange, as a token, which ends with the caller's too.</summary>
internal sealed class ReplyLimits : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly ReplyClock clock;

    public ReplyLimits(TimeProvider time, Exchange exchange, CancellationToken caller)
    {
        source = CancellationTokenSource.CreateLinkedTokenSource(caller);
        clock = new ReplyClock(time, source.Cancel);
        clock.Begin(exchange.Timeout, exchange.IdleTimeout, time.GetTimestamp());
    }

    public CancellationToken Token => source.Token;

    /// <summary>The limit that ran out, if one did.</summary>
    public TimeSpan? Expired => clock.Expired;

    /// <summary>Starts the silence anew; to be called after every read.</summary>
    public void Touch() => clock.Touch();

    public void Dispose()
    {
        // A source whose clock is about to cancel it is left to that.
        if (clock.End()) source.Dispose();
        clock.Dispose();
    }
}
