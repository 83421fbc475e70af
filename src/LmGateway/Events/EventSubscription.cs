using System.Runtime.CompilerServices;

namespace LmGateway.Events;

/// <summary>One reader's place among the events. It is for one reader at a time; disposing it ends the subscription.</summary>
internal sealed class EventSubscription : IDisposable
{
    private readonly EventHub hub;
    private EventsDropped? lost;
    private long next;
    private int disposed;

    internal EventSubscription(EventHub hub, long next, EventsDropped? lost) => (this.hub, this.next, this.lost) = (hub, next, lost);

    /// <summary>The next event, if there is one. Events that were lost are told as an <see cref="EventsDropped"/> in their place.</summary>
    public bool TryRead([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PublishedEvent? happened)
    {
        if (lost is { } gap)
        {
            lost = null;
            happened = hub.Lost(gap, next - 1);
            return true;
        }

        happened = hub.Read(ref next);
        return happened is not null;
    }

    /// <summary>Waits until <see cref="TryRead"/> is worth another try.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var signal = hub.Signal;
        if (lost is not null || hub.IsThere(next)) return;
        await signal.WaitAsync(cancellationToken);
    }

    /// <summary>Every event from here on, until the token is cancelled.</summary>
    public async IAsyncEnumerable<PublishedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            while (TryRead(out var happened)) yield return happened;
            await WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) hub.Leave();
    }
}
