using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>
/// The writing half of one connection to a server. Frames gather in one batch while the other is being written, so that one write
/// carries all that came meanwhile. Who finds the socket idle writes its own batch itself, without a change of thread; what gathers
/// during that write is the write loop's. At most one write is under way.
/// </summary>
internal sealed class SessionWriter(Stream stream, NatsOpts opts) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<PendingPong> pongs = [];
    private Batch filling = new();
    private Batch writing = new();
    private bool isWriting;
    private Exception? broken;
    private Task loop = Task.CompletedTask;

    /// <summary>Called once, with the reason, when the connection broke. The pending frames have failed by then.</summary>
    public required Action<SessionWriter, Exception> OnBroken { get; init; }

    /// <summary>Called after each write, when there is room again.</summary>
    public required Action OnRoom { get; init; }

    /// <summary>What the server takes, from its latest INFO.</summary>
    public long MaxPayload { get; set; }

    /// <summary>
    /// Takes a message for the next write. False when the buffer is full or the connection is broken, and the message is not taken.
    /// One that the server would not take fails with <see cref="NatsPayloadTooLargeException"/>.
    /// </summary>
    public bool TryPublish(Outgoing item, out ValueTask written)
    {
        written = default;
        Batch? mine;
        lock (gate)
        {
            if (broken is not null || filling.Buffer.Length >= opts.WriterBufferSize) return false;
            if (item.Message is { } message)
            {
                if (message.Size > MaxPayload)
                {
                    written = ValueTask.FromException(new NatsPayloadTooLargeException(message.Size, MaxPayload));
                    return true;
                }

                FrameWriter.Publish(filling.Buffer, message);
            }

            if (item.Request is { } request) request.Writer = this;
            if (item.Pong is { } pong) AppendPing(pong);
            mine = TakeIfIdle();
            if (mine is null) written = new ValueTask(filling.Written);
        }

        if (mine is not null) written = new ValueTask(WriteMine(mine));
        return true;
    }

    /// <summary>Answers a PING, ahead of everything that still waits for room.</summary>
    public void Pong() => Post(FrameWriter.Pong);

    /// <summary>Sends a SUB, once for each connection however often it is asked for.</summary>
    public void Subscribe(IReceiver receiver) => Post(buffer =>
    {
        if (receiver.Writer == this) return;
        receiver.Writer = this;
        FrameWriter.Subscribe(buffer, receiver.Sid, receiver.Subject, receiver.QueueGroup);
        if (receiver.Remaining is { } remaining) FrameWriter.Unsubscribe(buffer, receiver.Sid, remaining);
    });

    /// <summary>Sends an UNSUB.</summary>
    public void Unsubscribe(IReceiver receiver) => Post(buffer =>
    {
        if (receiver.Writer == this) FrameWriter.Unsubscribe(buffer, receiver.Sid, null);
    });

    /// <summary>Sends a PING; false when the connection is broken.</summary>
    public bool TryPing(out Task answered)
    {
        var pong = new PendingPong();
        answered = pong.Task;
        return Post(_ => AppendPing(pong));
    }

    /// <summary>A PONG came: it belongs to the oldest PING.</summary>
    public void OnPong()
    {
        PendingPong? pong;
        lock (gate) pongs.TryDequeue(out pong);
        pong?.Answer();
    }

    /// <summary>The server refused a message; it says so before the PONG that would have confirmed it.</summary>
    public void OnRefusedPublish(string subject, Exception reason)
    {
        lock (gate)
            foreach (var pong in pongs) pong.Refuse(subject, reason);
    }

    /// <summary>Fails all that is under way and takes nothing more.</summary>
    public void Break(Exception reason)
    {
        TaskCompletionSource?[] failed;
        lock (gate)
        {
            if (broken is not null) return;
            broken = reason;
            // The batch that is being written keeps its buffer until that write has ended.
            failed = [filling.Finish(), isWriting ? null : writing.Finish(), .. pongs];
            pongs.Clear();
        }

        var lost = new NatsConnectionLostException("The connection to the NATS server was lost before the command was carried out.", reason);
        foreach (var waiting in failed) Fail(waiting, lost);
        OnBroken(this, reason);
    }

    /// <summary>Waits for the last write. The stream must be closed before.</summary>
    public async ValueTask DisposeAsync()
    {
        Break(new ObjectDisposedException(nameof(NatsConnection)));
        Task last;
        lock (gate) last = loop;
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (gate)
        {
            filling.Dispose();
            if (!isWriting) writing.Dispose();
        }
    }

    private static void Fail(TaskCompletionSource? waiting, Exception reason)
    {
        if (waiting is null) return;
        waiting.TrySetException(reason);
        _ = waiting.Task.Exception; // whoever did not wait is not told a second time
    }

    private bool Post(Action<PooledBuffer> write)
    {
        Batch? mine;
        lock (gate)
        {
            if (broken is not null) return false;
            write(filling.Buffer);
            if (filling.Buffer.Length == 0) return true;
            mine = TakeIfIdle();
        }

        if (mine is not null) _ = WriteMine(mine); // its failure is told to the pings and requests it carries
        return true;
    }

    private void AppendPing(PendingPong pong)
    {
        pongs.Enqueue(pong);
        FrameWriter.Ping(filling.Buffer);
    }

    private Batch? TakeIfIdle()
    {
        if (isWriting) return null;
        isWriting = true;
        (filling, writing) = (writing, filling);
        return writing;
    }

    private Task WriteMine(Batch batch)
    {
        Task underWay;
        try
        {
            var write = stream.WriteAsync(batch.Buffer.Written);
            if (write.IsCompletedSuccessfully)
            {
                if (FinishWrite(null)) StartLoop(null);
                return Task.CompletedTask;
            }

            underWay = write.AsTask();
        }
        catch (Exception e)
        {
            underWay = Task.FromException(e);
        }

        lock (gate)
        {
            var written = batch.Written;
            StartLoop(underWay);
            return written;
        }
    }

    private void StartLoop(Task? underWay)
    {
        lock (gate) loop = Task.Run(() => WriteLoopAsync(underWay));
    }

    /// <summary>Runs while there is something to write: after the write that is under way, if there is one, all that has gathered.</summary>
    private async Task WriteLoopAsync(Task? underWay)
    {
        try
        {
            do
            {
                if (underWay is not null) await underWay.ConfigureAwait(false);
                else await stream.WriteAsync(writing.Buffer.Written).ConfigureAwait(false);
                underWay = null;
            }
            while (FinishWrite(null));
        }
        catch (Exception e)
        {
            FinishWrite(e);
            Break(e);
        }
    }

    /// <summary>Tells those whose frames were in the write. True when the next batch is ready to be written.</summary>
    private bool FinishWrite(Exception? failure)
    {
        TaskCompletionSource? done;
        bool more;
        lock (gate)
        {
            failure ??= broken;
            done = writing.Finish();
            more = failure is null && filling.Buffer.Length > 0;
            isWriting = more;
            if (more) (filling, writing) = (writing, filling);
        }

        if (failure is null) done?.TrySetResult();
        else Fail(done, new NatsConnectionLostException("The connection to the NATS server was lost while it was written to.", failure));
        if (failure is null) OnRoom();
        return more;
    }
}
