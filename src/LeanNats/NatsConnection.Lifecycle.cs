using LeanNats.Transport;

namespace LeanNats;

public sealed partial class NatsConnection
{
    private volatile NatsConnectionState state;
    private volatile bool isStarted;
    private volatile Exception? closeReason;
    private volatile Session? session;
    private TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? life;
    private bool isDisposed;

    /// <summary>
    /// Connects, if that has not happened yet; other calls do it by themselves. Throws <see cref="NatsServerException"/> when the
    /// credentials are refused and <see cref="NatsConnectionFailedException"/> when no server can be reached; it can then be called again.
    /// With <see cref="NatsOpts.RetryOnInitialConnect"/> it waits until a server is there.
    /// </summary>
    public async ValueTask ConnectAsync(CancellationToken cancellationToken = default)
    {
        if (state != NatsConnectionState.Open) await Start().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the connection up, for instance after a lame duck notice, and waits for a new one as <see cref="FlushAsync"/> does.</summary>
    public async ValueTask ReconnectAsync(CancellationToken cancellationToken = default)
    {
        session?.Abort(new NatsException("A new connection was asked for."));
        await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for the server to take what was sent, at most <see cref="NatsOpts.ConnectTimeout"/>, and closes. Everything that is still
    /// under way fails with <see cref="ObjectDisposedException"/> or <see cref="NatsConnectionLostException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isDisposed) return;
            isDisposed = true;
        }

        if (Outgoing.Writer is { } open && open.TryPing(out var pong))
            await pong.WaitAsync(Opts.ConnectTimeout, Opts.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await lifetime.CancelAsync().ConfigureAwait(false);
        session?.Abort(new ObjectDisposedException(nameof(NatsConnection)));
        if (life is { } running) await running.ConfigureAwait(false);
        Close(null);
        lifetime.Dispose();
    }

    private ValueTask EnsureConnectedAsync(CancellationToken cancellationToken)
    {
        if (isStarted && closeReason is null) return default;
        var connected = Start();
        // Who keeps trying from the start waits where everything waits that finds no connection.
        return Opts.RetryOnInitialConnect && !connected.IsCompleted ? default : new ValueTask(connected.WaitAsync(cancellationToken));
    }

    private Task Start()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (closeReason is { } reason) return Task.FromException(reason);
            if (life is null)
            {
                state = NatsConnectionState.Connecting;
                opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                life = Task.Run(LiveAsync);
            }

            return opened.Task;
        }
    }

    /// <summary>The one loop that connects, serves and connects again.</summary>
    private async Task LiveAsync()
    {
        try
        {
            var redial = new Redial(Opts, pool, dialer, Emit);
            var line = await redial.FirstAsync(lifetime.Token).ConfigureAwait(false);
            while (true)
            {
                var start = Opts.TimeProvider.GetTimestamp();
                await ServeAsync(line).ConfigureAwait(false);
                line = await redial.AgainAsync(Opts.TimeProvider.GetElapsedTime(start), lifetime.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (lifetime.IsCancellationRequested)
        {
            opened.TrySetException(new ObjectDisposedException(nameof(NatsConnection)));
        }
        catch (Exception e) when (isStarted || Opts.RetryOnInitialConnect)
        {
            Close(e);
        }
        catch (Exception e)
        {
            FailFirst(e);
        }
    }

    private void FailFirst(Exception reason)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            state = NatsConnectionState.Closed;
            life = null;
            waiting = opened;
        }

        waiting.TrySetException(reason);
        _ = waiting.Task.Exception;
    }

    private async Task ServeAsync(Line line)
    {
        var current = new Session(line, this);
        await using (current.ConfigureAwait(false))
        {
            session = current;
            ServerInfo = line.Info;
            pool.Learn(line.Server, line.Info);
            pool.Used(line.Server);
            // Subscriptions before what users publish; those that were added meanwhile once more below.
            Subscribe(current.Writer);
            state = NatsConnectionState.Open;
            Outgoing.Open(current.Writer);
            Subscribe(current.Writer);
            isStarted = true;
            opened.TrySetResult();
            Emit(new NatsConnectionOpened(line.Server.ToString()));
            if (lifetime.IsCancellationRequested) current.Abort(new ObjectDisposedException(nameof(NatsConnection)));

            var reason = await current.RunAsync().ConfigureAwait(false);
            session = null;
            state = NatsConnectionState.Reconnecting;
            Outgoing.Lost(current.Writer);
            foreach (var (_, receiver) in receivers) receiver.Disconnected(current.Writer, reason);
            if (!lifetime.IsCancellationRequested) Emit(new NatsConnectionDisconnected(line.Server.ToString(), reason));
        }
    }

    /// <summary>The end: everything that waits is told.</summary>
    private void Close(Exception? reason)
    {
        var why = reason ?? new ObjectDisposedException(nameof(NatsConnection));
        lock (gate)
        {
            if (closeReason is not null && reason is not null) return;
            closeReason ??= why;
            state = reason is null ? NatsConnectionState.Closed : NatsConnectionState.Failed;
        }

        opened.TrySetException(why);
        _ = opened.Task.Exception;
        Outgoing.Close(why);
        foreach (var (_, receiver) in receivers)
            if (Forget(receiver))
                receiver.End(reason);
        Emit(new NatsConnectionClosed(reason));
        if (reason is null) feed.Complete();
    }
}
