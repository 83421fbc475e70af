using System.Threading.Channels;

namespace LeanNats.Transport;

/// <summary>How long one enumeration may wait: for the first message, for the next, and in all.</summary>
internal sealed class ReadLimits(NatsSubOpts opts, TimeProvider time)
{
    private readonly long start = time.GetTimestamp();
    private bool hasBegun;

    public void OnMessage() => hasBegun = true;

    /// <summary>
    /// True when there is a message, false at the end. Time that runs out is the end as well, unless an end is still owed:
    /// then it is <see cref="NatsNoReplyException"/>.
    /// </summary>
    public async ValueTask<bool> WaitAsync(ChannelReader<NatsMsg> messages, CancellationToken cancellationToken)
    {
        var wait = messages.WaitToReadAsync(cancellationToken);
        if (wait.IsCompleted || Limit() is not { } limit) return await wait.ConfigureAwait(false);
        try
        {
            return await wait.AsTask().WaitAsync(limit, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return opts.StopOnEmptyMsg ? throw new NatsNoReplyException("No further reply came in time, and the last one was not the end.") : false;
        }
    }

    private TimeSpan? Limit()
    {
        var step = hasBegun ? opts.IdleTimeout : opts.StartUpTimeout ?? opts.IdleTimeout;
        if (opts.Timeout is not { } total) return step;
        var rest = total - time.GetElapsedTime(start);
        if (rest < TimeSpan.Zero) rest = TimeSpan.Zero;
        return step < rest ? step : rest;
    }
}
