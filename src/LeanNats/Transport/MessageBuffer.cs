using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace LeanNats.Transport;

/// <summary>
/// The buffer between the reading loop and one subscription's reader, bounded in messages and in bytes. Written by one loop.
/// </summary>
internal sealed class MessageBuffer(NatsSubOpts opts, TimeProvider time, Action<long> onSlow) : ChannelReader<NatsMsg>
{
    // Bounded by Count and bytes below, which a channel cannot count together.
    private readonly Channel<NatsMsg> channel = Channel.CreateUnbounded<NatsMsg>(new UnboundedChannelOptions { SingleWriter = true });
    private long bytes;
    private long dropped;
    private bool isSlow;
    private volatile TaskCompletionSource? room;

    public long Dropped => Volatile.Read(ref dropped);

    public override Task Completion => channel.Reader.Completion;

    public override bool CanCount => true;

    public override int Count => channel.Reader.Count;

    private bool IsFull => Count >= opts.Capacity || Volatile.Read(ref bytes) >= opts.CapacityBytes;

    public override bool TryRead([MaybeNullWhen(false)] out NatsMsg item)
    {
        if (!channel.Reader.TryRead(out item)) return false;
        Interlocked.Add(ref bytes, -item.Size);
        room?.TrySetResult();
        return true;
    }

    public override bool TryPeek([MaybeNullWhen(false)] out NatsMsg item) => channel.Reader.TryPeek(out item);

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) =>
        channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes a message, or does what the full mode says. Only <see cref="NatsFullMode.Wait"/> takes time.</summary>
    public ValueTask WriteAsync(in NatsMsg message)
    {
        if (IsFull)
        {
            if (opts.FullMode == NatsFullMode.Wait) return WaitForRoomAsync(message);
            if (opts.FullMode == NatsFullMode.DropNewest || !TryRead(out _))
            {
                Drop();
                return default;
            }

            Drop();
        }
        else if (isSlow && Count <= opts.Capacity / 2)
        {
            isSlow = false;
        }

        Put(message);
        return default;
    }

    public void Complete(Exception? reason)
    {
        channel.Writer.TryComplete(reason);
        room?.TrySetResult();
    }

    private async ValueTask WaitForRoomAsync(NatsMsg message)
    {
        var until = time.GetTimestamp();
        while (true)
        {
            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = signal;
            if (!IsFull || channel.Reader.Completion.IsCompleted) break;
            var rest = opts.FullWait - time.GetElapsedTime(until);
            try
            {
                await signal.Task.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                room = null;
                Drop();
                return;
            }
        }

        room = null;
        isSlow = false;
        Put(message);
    }

    private void Put(in NatsMsg message)
    {
        Interlocked.Add(ref bytes, message.Size);
        if (!channel.Writer.TryWrite(message)) Interlocked.Add(ref bytes, -message.Size);
    }

    private void Drop()
    {
        var count = Interlocked.Increment(ref dropped);
        if (isSlow) return;
        isSlow = true;
        onSlow(count);
    }
}
