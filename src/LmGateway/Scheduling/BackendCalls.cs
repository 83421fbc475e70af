using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>
/// The calls that the run loop makes to backends. Each is a task of its own with a deadline, and its last act is to report one event, whatever happens;
/// the loop does not end before all have reported.
/// </summary>
internal sealed partial class BackendCalls(ModelCatalog catalog, CatalogPace pace, LiveSettings settings, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan UnloadDeadline = TimeSpan.FromSeconds(60);

    private readonly Dictionary<object, Call> underWay = [];

    /// <summary>Hears how each call ended.</summary>
    public required Action<SchedulerEvent> Ended { get; init; }

    /// <summary>Takes the progress of a load.</summary>
    public required Func<Load, IProgress<double>> Following { get; init; }

    /// <summary>Ends every call.</summary>
    public required CancellationToken Stopping { get; init; }

    public int UnderWay => underWay.Count;

    public void Cause(Effect effect)
    {
        switch (effect)
        {
            case StartLoad start:
                var cancel = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                underWay.Add(start.Load, new Call(Task.Run(() => LoadAsync(start.Load, cancel.Task)), cancel));
                break;
            case CancelLoad cancelled:
                underWay[cancelled.Load].Cancel?.TrySetResult();
                break;
            case StartUnload start:
                underWay.Add(start.Unload, new Call(Task.Run(() => UnloadAsync(start.Unload))));
                break;
            case Look look:
                underWay.Add(look.Change, new Call(Task.Run(() => LookAsync(look))));
                break;
        }
    }

    /// <summary>A call whose end is being told is no longer under way.</summary>
    public void Forget(SchedulerEvent ended)
    {
        object? call = ended switch
        {
            LoadEnded load => load.Load,
            UnloadEnded unload => unload.Unload,
            Settled settled => settled.Change,
            _ => null,
        };
        if (call is not null) underWay.Remove(call);
    }

    private async Task LoadAsync(Load load, Task cancelled)
    {
        var (backend, order) = (load.Backend, load.Order);
        var started = time.GetTimestamp();
        using var hurry = pace.Hurry();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(settings.Current.Scheduling.LoadTimeoutSeconds), time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Stopping);
        LogLoading(logger, order.ModelKey, backend.Name, load.OnDemand);
        LoadEnded end;
        try
        {
            var loading = load.OnDemand ? FindOrLoadAsync(load, ending.Token) : backend.LoadAsync(order, Following(load), ending.Token);
            if (await Task.WhenAny(loading, cancelled) == cancelled) await ending.CancelAsync();
            var result = await loading;
            LogLoaded(logger, order.ModelKey, backend.Name, result.Instance.Identifier, time.GetElapsedTime(started).TotalMilliseconds);
            end = new LoadEnded(load, result, null);
        }
        catch (Exception fault)
        {
            var error = deadline.IsCancellationRequested ? SchedulingErrors.LoadOverdue(order.ModelKey, backend.Name, settings.Current.Scheduling.LoadTimeoutSeconds)
                : ending.IsCancellationRequested ? SchedulingErrors.Abandoned(order.ModelKey, backend.Name)
                : ErrorOf(fault, ErrorCode.LoadFailed, backend);
            LogLoadEnded(logger, error.Code == ErrorCode.Cancelled ? LogLevel.Information : LogLevel.Warning, order.ModelKey, backend.Name, error.Code, error.Message);
            end = new LoadEnded(load, null, error);
        }

        Ended(end);
    }

    /// <summary>
    /// The catalog is seconds old, and the model may have been loaded by hand in the backend since: one look before a load on demand spares
    /// a second copy in memory.
    /// </summary>
    private async Task<LoadResult> FindOrLoadAsync(Load load, CancellationToken cancellationToken)
    {
        var snapshot = await catalog.RefreshAfterChangeAsync(load.Backend, cancellationToken);
        if (snapshot.Find(load.Backend.Name) is { Reachable: true, Stale: false } view)
            foreach (var instance in view.Instances)
                if (instance.ModelKey == load.Order.ModelKey) return new LoadResult(instance) { WasLoaded = true };
        return await load.Backend.LoadAsync(load.Order, Following(load), cancellationToken);
    }

    private async Task UnloadAsync(Unload unload)
    {
        var (backend, identifier) = (unload.Backend, unload.Instance.Id.Identifier);
        using var deadline = new CancellationTokenSource(UnloadDeadline, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, Stopping);
        GatewayError? error = null;
        try
        {
            await backend.UnloadAsync(identifier, ending.Token);
            LogUnloaded(logger, identifier, backend.Name, unload.For?.Order.ModelKey);
        }
        catch (Exception fault)
        {
            error = Stopping.IsCancellationRequested ? SchedulingErrors.Draining()
                : deadline.IsCancellationRequested ? SchedulingErrors.UnloadOverdue(identifier, backend.Name, UnloadDeadline)
                : ErrorOf(fault, ErrorCode.BackendFault, backend);
            LogUnloadFailed(logger, identifier, backend.Name, error.Code, error.Message);
        }

        Ended(new UnloadEnded(unload, error));
    }

    private async Task LookAsync(Look look)
    {
        var version = long.MaxValue;
        try
        {
            version = (await catalog.RefreshAfterChangeAsync(look.Backend, Stopping)).Version;
        }
        catch (OperationCanceledException)
        {
            // The service stops; nothing is decided by looks any more.
        }

        Ended(new Settled(look.Change, version));
    }

    private static GatewayError ErrorOf(Exception fault, ErrorCode otherwise, IBackend backend) =>
        fault is GatewayException known ? known.Error : new GatewayError(otherwise, $"'{backend.Name}': {fault.Message}") { Backend = backend.Name };

    /// <param name="Task">Owned here; it reports its end and never faults.</param>
    /// <param name="Cancel">Completed to end a load.</param>
    private sealed record Call(Task Task, TaskCompletionSource? Cancel = null);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loading {Model} on {Backend} (on demand: {OnDemand})")]
    private static partial void LogLoading(ILogger logger, string model, string backend, bool onDemand);

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded {Model} on {Backend} as {Identifier} in {Milliseconds:0} ms")]
    private static partial void LogLoaded(ILogger logger, string model, string backend, string identifier, double milliseconds);

    [LoggerMessage(Message = "Loading {Model} on {Backend} ended with {Code}: {Reason}")]
    private static partial void LogLoadEnded(ILogger logger, LogLevel level, string model, string backend, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Unloaded {Identifier} on {Backend} (room for: {RoomFor})")]
    private static partial void LogUnloaded(ILogger logger, string identifier, string backend, string? roomFor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Unloading {Identifier} on {Backend} ended with {Code}: {Reason}")]
    private static partial void LogUnloadFailed(ILogger logger, string identifier, string backend, ErrorCode code, string reason);
}
