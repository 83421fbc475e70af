using LeanNats.JetStream;

namespace LeanNats.ObjectStore;

/// <summary>
/// What a stream holds of a subject, in order and to its end, over lost connections and restarts of the server, as long as messages keep
/// coming.
/// </summary>
internal sealed class OrderedReader : IAsyncDisposable
{
    private readonly TimeSpan patience;
    private readonly CancellationTokenSource idle;
    private readonly CancellationTokenSource stop;
    private readonly CancellationToken cancelled;
    private IAsyncEnumerator<NatsJSMsg>? messages;
    private bool isOver;

    private OrderedReader(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        (this.patience, cancelled) = (patience, cancellationToken);
        idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        stop = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
    }

    /// <summary>The token ends this call and all reading.</summary>
    public static async ValueTask<OrderedReader> OpenAsync(
        NatsJSContext js, string stream, NatsJSOrderedConsumerOpts opts, TimeSpan patience, CancellationToken cancellationToken)
    {
        var reader = new OrderedReader(patience, js.Time, cancellationToken);
        try
        {
            opts = opts with { OnNothingPending = reader.OnNothingPending };
            var consumer = await Passing
                .RetryAsync(token => js.CreateOrderedConsumerAsync(stream, opts, token), patience, js.Time, cancellationToken).ConfigureAwait(false);
            reader.isOver = consumer.Info.NumPending == 0;
            reader.messages = consumer.ConsumeAsync(reader.stop.Token).GetAsyncEnumerator(CancellationToken.None);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The next message; null at the end. Throws <see cref="NatsNoReplyException"/> when none comes for too long.</summary>
    public async ValueTask<NatsJSMsg?> NextAsync()
    {
        if (isOver) return null;
        try
        {
            idle.CancelAfter(patience);
            await messages!.MoveNextAsync().ConfigureAwait(false);
            idle.CancelAfter(Timeout.InfiniteTimeSpan);
        }
        catch (OperationCanceledException) when (!cancelled.IsCancellationRequested)
        {
            return isOver ? null : throw new NatsNoReplyException($"The server sent nothing more for {patience.TotalSeconds} s.");
        }

        isOver = messages.Current.Metadata.NumPending == 0;
        return messages.Current;
    }

    public async ValueTask DisposeAsync()
    {
        if (messages is not null) await messages.DisposeAsync().ConfigureAwait(false);
        stop.Dispose();
        idle.Dispose();
    }

    private void OnNothingPending()
    {
        isOver = true;
        idle.Cancel();
    }
}
