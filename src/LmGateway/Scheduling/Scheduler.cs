using System.Threading.Channels;
using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>
/// Answers one question: may it run now, and on which instance? A request whose model is loaded and free goes through the instance's gate without waiting for
/// anybody. All else is decided by a <see cref="Ledger"/>, in one loop, so that a model is loaded once however many requests want it.
/// </summary>
internal sealed partial class Scheduler : IAsyncDisposable
{
    /// <summary>How often those who wait are looked through for one who has waited too long.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ModelCatalog catalog;
    private readonly TimeProvider time;
    private readonly LiveSettings settings;
    private readonly Ledger ledger;
    private readonly BackendCalls calls;
    private readonly SchedulerNews news;
    private readonly ILogger<Scheduler> logger;

    // Unbounded, because an event must never be lost or block: each belongs to a request, a load or an unload that exists, and those are limited.
    private readonly Channel<SchedulerEvent> events = Channel.CreateUnbounded<SchedulerEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource stopping = new();
    private readonly ITimer tick;
    private bool ticking;
    private readonly Task loop;
    private readonly Task watch;
    private volatile InstanceTable table = InstanceTable.Empty;
    private volatile LedgerView queues = new([], [], Draining: false);

    /// <summary>Begins at once; ends with <see cref="DisposeAsync"/>.</summary>
    public Scheduler(ModelCatalog catalog, CatalogPace pace, LiveSettings settings, EventHub hub, OperationRecord operations, TimeProvider time, ILogger<Scheduler> logger)
    {
        this.catalog = catalog;
        this.time = time;
        this.logger = logger;
        this.settings = settings;
        ledger = new Ledger(settings);
        news = new SchedulerNews(hub, operations, time);
        calls = new BackendCalls(catalog, pace, settings, time, logger) { Ended = Post, Following = news.Following, Stopping = stopping.Token };
        tick = time.CreateTimer(_ => Post(new Ticked(Patience)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        settings.Replaced += LookAgain;
        loop = Task.Run(RunAsync);
        watch = Task.Run(WatchAsync);
    }

    /// <summary>
    /// A slot on an instance of the model, which is loaded first where it is not. Waits in the order of arrival, for as long as the token allows. Throws
    /// <see cref="GatewayException"/> where the queue is full, the load fails, or there is no way to the model.
    /// </summary>
    public ValueTask<Lease> AcquireAsync(ModelTarget target, CancellationToken cancellationToken)
    {
        var known = table;
        if (!cancellationToken.IsCancellationRequested && known.Version == catalog.Current.Version && known.TryEnter(target) is { } instance)
            return ValueTask.FromResult(new Lease(this, instance));
        return new ValueTask<Lease>(WaitAsync(target, cancellationToken));
    }

    /// <summary>
    /// Loads a model by hand; such an instance is never evicted. Orders for the same thing at the same time share one load, other orders for the same model
    /// follow one another. When it returns, the catalog shows the instance. The last caller to cancel ends the load.
    /// </summary>
    public async Task<LoadResult> LoadAsync(IBackend backend, LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var result = await AskAsync(new LoadCaller(backend, order, progress, cancellationToken), cancellationToken);
        await catalog.RefreshAfterChangeAsync(backend, cancellationToken);
        return result;
    }

    /// <summary>
    /// Unloads an instance: nobody enters any more, running requests end, then it goes. Where they do not end in time it stays, and this throws
    /// <see cref="ErrorCode.InstanceInUse"/>; <paramref name="force"/> does not wait for them. When it returns, the catalog shows the change.
    /// </summary>
    public async Task UnloadAsync(InstanceId instance, bool force, CancellationToken cancellationToken)
    {
        var caller = new UnloadCaller(instance, force, cancellationToken);
        var unloadWait = TimeSpan.FromSeconds(settings.Current.Scheduling.UnloadWaitSeconds);
        var answer = AskAsync(caller, cancellationToken);       // heard before the timer, even one of no time at all
        await using var overdue = time.CreateTimer(_ => Post(new Left(caller, Overdue: true)), null, unloadWait, Timeout.InfiniteTimeSpan);
        await answer;
        if (catalog.Current.Find(instance.Backend) is { } view) await catalog.RefreshAfterChangeAsync(view.Backend, cancellationToken);
    }

    public SchedulerState View()
    {
        var seen = queues;
        return new SchedulerState
        {
            Waiting = seen.Waiting,
            Instances = [.. table.Instances.Select(instance => new RunningInstance(instance.Id, instance.Gate.Running, instance.Gate.Limit, instance.OnDemand))],
            Loads = [.. seen.Loads.Select(load => new LoadUnderWay(load.Backend.Name, load.Order.ModelKey, load.OnDemand, load.Progress) { Took = time.GetElapsedTime(load.StartedAt) })],
            Draining = seen.Draining,
        };
    }

    /// <summary>From here on requests are refused, also those that wait; loads are cancelled. Requests that run are left to their owners.</summary>
    public void Drain() => Post(new Drained());

    /// <summary>Drains, and waits until nothing is under way in any backend.</summary>
    public async ValueTask DisposeAsync()
    {
        Drain();
        await stopping.CancelAsync();
        await loop;
        await watch;
        settings.Replaced -= LookAgain;
        await tick.DisposeAsync();
        stopping.Dispose();
    }

    internal void Post(SchedulerEvent happened) => events.Writer.TryWrite(happened);

    internal void Leave(TrackedInstance instance)
    {
        if (instance.Gate.Leave(time.GetTimestamp())) Post(new Released(instance));
    }

    private async Task<Lease> WaitAsync(ModelTarget target, CancellationToken cancellationToken)
    {
        // A backend that was away may be back: one look, shared by all who ask, is worth more than a refusal from memory.
        if (catalog.Current.Find(target.Backend) is { Reachable: false } away) await catalog.RefreshAsync(away.Backend, cancellationToken);
        var lease = await AskAsync(new Waiter(target, time.GetTimestamp(), cancellationToken), cancellationToken);
        if (!cancellationToken.IsCancellationRequested) return lease;
        lease.Dispose();
        throw new OperationCanceledException(cancellationToken);
    }

    private async Task<T> AskAsync<T>(Caller<T> caller, CancellationToken cancellationToken)
    {
        if (!events.Writer.TryWrite(new Asked(caller))) throw new GatewayException(SchedulingErrors.Draining());
        using var leaving = cancellationToken.UnsafeRegister(_ => Post(new Left(caller)), null);
        return await caller.Answer;
    }

    private async Task WatchAsync()
    {
        try
        {
            for (var seen = 0L; ; seen = catalog.Current.Version)
            {
                await catalog.ChangedAfter(seen).WaitAsync(stopping.Token);
                Post(new Looked(catalog.Current));
            }
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
    }

    private async Task RunAsync()
    {
        while (await events.Reader.WaitToReadAsync())
        {
            while (events.Reader.TryRead(out var happened)) Take(happened);
            queues = ledger.View();
            news.Tell(queues.Waiting);
            Watch(queues.Waiting.Count > 0 && settings.Current.Scheduling.QueueWaitSeconds > 0);
            if (ledger.Draining && calls.UnderWay == 0) events.Writer.TryComplete();
        }
    }

    /// <summary>How long a request may wait, in the clock's own unit.</summary>
    private long Patience => settings.Current.Scheduling.QueueWaitSeconds is > 0 and var seconds ? seconds * time.TimestampFrequency : long.MaxValue;

    /// <summary>Other settings may need the clock, or need it no more.</summary>
    private void LookAgain(object? sender, EventArgs change) => Post(new Ticked(Patience));

    /// <summary>The clock ticks while somebody waits, and only then.</summary>
    private void Watch(bool isNeeded)
    {
        if (isNeeded == ticking) return;
        ticking = isNeeded;
        tick.Change(isNeeded ? Tick : Timeout.InfiniteTimeSpan, Tick);
    }

    /// <summary>Decisions rest on the newest picture of the backends, so that what a caller has just seen in the catalog holds here too.</summary>
    private void Take(SchedulerEvent happened)
    {
        if (catalog.Current is var snapshot && snapshot.Version > ledger.CatalogVersion) Decide(new Looked(snapshot));
        Decide(happened);
    }

    private void Decide(SchedulerEvent happened)
    {
        calls.Forget(happened);
        news.Tell(happened);
        try
        {
            ledger.Apply(happened, time.GetTimestamp());
        }
        catch (Exception defect)
        {
            LogDefect(logger, happened.GetType().Name, defect);
            if (happened is Asked asked) asked.Caller.Refuse(new GatewayError(ErrorCode.Internal, "The scheduler failed. Its log says why."));
        }

        table = ledger.Table();
        foreach (var effect in ledger.Effects)
        {
            news.Tell(effect);
            Cause(effect);
        }
    }

    private void Cause(Effect effect)
    {
        switch (effect)
        {
            case Grant grant: Hand(grant.Waiter, grant.Instance); break;
            case Refuse refuse: refuse.Caller.Refuse(refuse.Error); break;
            case Dismiss dismiss: dismiss.Caller.Dismiss(); break;
            case Loaded loaded: loaded.Caller.TryAnswer(loaded.Result); break;
            case Unloaded unloaded: unloaded.Caller.TryAnswer(unloaded.Caller.Instance); break;
            default: calls.Cause(effect); break;
        }
    }

    private void Hand(Waiter waiter, TrackedInstance instance)
    {
        var waited = time.GetElapsedTime(waiter.AskedAt);
        var loading = time.GetElapsedTime(0, waiter.LoadTime ?? 0);
        var lease = new Lease(this, instance)
        {
            JustInTime = instance.Standing == InstanceStanding.Leading,
            LoadedForThis = waiter.LoadTime is not null,
            LoadTime = loading,
            QueueTime = waited > loading ? waited - loading : TimeSpan.Zero,
        };
        if (!waiter.TryAnswer(lease)) lease.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The scheduler failed at {Event}")]
    private static partial void LogDefect(ILogger logger, string @event, Exception defect);
}
