using LmGateway.Configuration;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Catalog;

/// <summary>Looks at the backends every few seconds, and every second while a load is under way.</summary>
internal sealed class CatalogWatch(ModelCatalog catalog, CatalogPace pace, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await catalog.RefreshAsync(stoppingToken);
            await pace.WaitAsync(time, stoppingToken);
        }
    }
}

/// <summary>How often the backends are looked at.</summary>
internal sealed class CatalogPace(LiveSettings settings)
{
    private int loads;
    private TaskCompletionSource hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Looks come faster until the returned mark is disposed of.</summary>
    public IDisposable Hurry()
    {
        if (Interlocked.Increment(ref loads) == 1) Volatile.Read(ref hurried).TrySetResult();
        return new Mark(this);
    }

    public async Task WaitAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref loads) > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(settings.Current.Catalog.BusyPollSeconds), time, cancellationToken);
            return;
        }

        var wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref hurried, wake);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(settings.Current.Catalog.PollSeconds), time, ended.Token), wake.Task);
        await ended.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private sealed class Mark(CatalogPace pace) : IDisposable
    {
        private int disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0) Interlocked.Decrement(ref pace.loads);
        }
    }
}
