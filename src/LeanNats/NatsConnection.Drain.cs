namespace LeanNats;

public sealed partial class NatsConnection
{
    private volatile bool isDraining;
    private Task? drain;

    /// <summary>
    /// Ends gracefully: no new messages, those that have come are handled and answered, everything sent has reached the server, and the
    /// connection is closed. New subscriptions are refused meanwhile with <see cref="NatsDrainingException"/>.
    /// Throws <see cref="NatsTimeoutException"/> when messages are still being handled after <see cref="NatsOpts.DrainTimeout"/>; the
    /// connection is closed all the same.
    /// </summary>
    public async ValueTask DrainAsync(CancellationToken cancellationToken = default)
    {
        Task running;
        lock (gate) running = drain ??= Task.Run(DrainOnceAsync, CancellationToken.None);
        await running.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task WithinDrainTimeout(Task handled) => handled.WaitAsync(Opts.DrainTimeout, Opts.TimeProvider, lifetime.Token);

    private async Task DrainOnceAsync()
    {
        isDraining = true;
        try
        {
            var subscriptions = receivers.Values.OfType<NatsSubscription>().ToArray();
            var ending = subscriptions.Where(subscription => !subscription.AreReplies);
            await Task.WhenAll(ending.Select(subscription => subscription.DrainAsync(lifetime.Token).AsTask())).ConfigureAwait(false);
            await WithinDrainTimeout(Task.WhenAll(subscriptions.Select(subscription => subscription.Handled))).ConfigureAwait(false);
            if (inbox is { } requests) await WithinDrainTimeout(requests.Answered).ConfigureAwait(false);
            if (session is not null) await FlushAsync(lifetime.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NatsTimeoutException($"Messages were still being handled after {Opts.DrainTimeout.TotalSeconds} s.");
        }
        finally
        {
            await DisposeAsync().ConfigureAwait(false);
        }
    }
}
