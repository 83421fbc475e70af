namespace LeanNats.Transport;

/// <summary>
/// What users send, across connections. While the connection is open and has room a message goes straight to its writer. Otherwise
/// it waits here, in order, for room or for the next connection, for a bounded time and in bounded number of bytes; one that could
/// not be sent fails its caller.
/// </summary>
internal sealed class OutgoingQueue(NatsOpts opts)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiting> waiting = [];
    private volatile SessionWriter? writer;
    private volatile int waitingCount;
    private long waitingBytes;
    private bool isAdmitting;
    private Exception? closed;

    /// <summary>The open connection's writer; null while there is none.</summary>
    public SessionWriter? Writer => writer;

    /// <summary>
    /// Completes when the bytes were handed to the socket. Waits at most <paramref name="patience"/> for room or for a connection, then
    /// throws <see cref="NatsTimeoutException"/>; the message is not sent afterwards.
    /// </summary>
    public ValueTask SendAsync(Outgoing item, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        if (waitingCount == 0 && writer is { } open && item.Fits(open) && open.TryPublish(item, out var written))
            return written.IsCompleted || !cancellationToken.CanBeCanceled ? written : new ValueTask(written.AsTask().WaitAsync(cancellationToken));
        return WaitAsync(item, patience, cancellationToken);
    }

    /// <summary>A connection is open: those who waited go first.</summary>
    public void Open(SessionWriter session)
    {
        lock (gate)
        {
            writer = session;
            Admit();
        }
    }

    /// <summary>The connection is lost; whoever comes waits for the next one, except those who want this one and no other.</summary>
    public void Lost(SessionWriter session)
    {
        lock (gate)
        {
            if (writer == session) writer = null;
            for (var node = waiting.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Item.Only == session)
                {
                    node.Value.Admitted.TrySetException(OnlyOneLost());
                    Remove(node);
                }

                node = next;
            }
        }
    }

    /// <summary>The writer has room.</summary>
    public void OnRoom()
    {
        if (waitingCount == 0) return;
        lock (gate) Admit();
    }

    /// <summary>No connection will come: all who wait fail, and so does everyone after them.</summary>
    public void Close(Exception reason)
    {
        lock (gate)
        {
            closed ??= reason;
            writer = null;
            foreach (var item in waiting) item.Admitted.TrySetException(closed);
            waiting.Clear();
            (waitingBytes, waitingCount) = (0, 0);
        }
    }

    private async ValueTask WaitAsync(Outgoing item, TimeSpan patience, CancellationToken cancellationToken)
    {
        var node = Enqueue(item);
        try
        {
            await node.Value.Admitted.Task.WaitAsync(patience, opts.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (Withdraw(node))
        {
            throw new NatsTimeoutException($"Not connected to a NATS server, or it takes nothing, for {patience.TotalSeconds} s. Nothing was sent.");
        }
        catch (OperationCanceledException)
        {
            Withdraw(node);
            throw;
        }
        catch (TimeoutException)
        {
            // The writer took it at the last moment.
        }

        var written = await node.Value.Admitted.Task.ConfigureAwait(false);
        await written.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private LinkedListNode<Waiting> Enqueue(Outgoing item)
    {
        lock (gate)
        {
            if (closed is not null) throw closed;
            if (!item.Fits(writer)) throw OnlyOneLost();
            if (waitingCount > 0 && waitingBytes + item.Cost > opts.PendingBytesLimit) throw new NatsPendingLimitException(opts.PendingBytesLimit);
            waitingBytes += item.Cost;
            waitingCount++;
            var node = waiting.AddLast(new Waiting(item));
            Admit(); // the connection may have opened, or found room, just now
            return node;
        }
    }

    private bool Withdraw(LinkedListNode<Waiting> node)
    {
        lock (gate)
        {
            if (node.List is null) return false;
            Remove(node);
            return true;
        }
    }

    /// <summary>Moves who waits to the writer, in order, as far as there is room. A write may end inside and ask for more: once is enough.</summary>
    private void Admit()
    {
        if (isAdmitting) return;
        isAdmitting = true;
        try
        {
            while (writer is { } open && waiting.First is { } first && TryAdmit(open, first.Value)) Remove(first);
        }
        finally
        {
            isAdmitting = false;
        }
    }

    private static NatsConnectionLostException OnlyOneLost() => new("The connection that the message was meant for is lost.");

    private static bool TryAdmit(SessionWriter open, Waiting item)
    {
        if (!open.TryPublish(item.Item, out var written)) return false;
        item.Admitted.TrySetResult(written.AsTask());
        return true;
    }

    private void Remove(LinkedListNode<Waiting> node)
    {
        waiting.Remove(node);
        waitingBytes -= node.Value.Item.Cost;
        waitingCount--;
    }

    private sealed record Waiting(Outgoing Item)
    {
        /// <summary>The writer has the frame; the result completes with its write.</summary>
        public TaskCompletionSource<Task> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
