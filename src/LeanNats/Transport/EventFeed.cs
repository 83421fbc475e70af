using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace LeanNats.Transport;

/// <summary>Hands events to every watcher without waiting for any.</summary>
internal sealed class EventFeed
{
    private const int Kept = 256;

    private readonly Lock gate = new();
    private ImmutableArray<Channel<NatsEvent>> watchers = [];
    private bool isCompleted;

    /// <summary>Watches from this call on, not only from the first read.</summary>
    public IAsyncEnumerable<NatsEvent> Watch(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<NatsEvent>(new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (gate)
        {
            if (isCompleted) channel.Writer.TryComplete();
            else watchers = watchers.Add(channel);
        }

        return ReadAsync(channel, cancellationToken);
    }

    public void Emit(NatsEvent happened)
    {
        foreach (var watcher in watchers) watcher.Writer.TryWrite(happened);
    }

    public void Complete()
    {
        lock (gate)
        {
            isCompleted = true;
            foreach (var watcher in watchers) watcher.Writer.TryComplete();
            watchers = [];
        }
    }

    private async IAsyncEnumerable<NatsEvent> ReadAsync(Channel<NatsEvent> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return happened;
        }
        finally
        {
            lock (gate) watchers = watchers.Remove(channel);
        }
    }
}
