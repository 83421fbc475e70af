using LmGateway.Backends;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Catalog;

/// <summary>
/// The picture of all backends, looked at again and again. Reading it takes no lock; each backend is looked at by one look at a time,
/// which every caller who wants a fresh picture shares.
/// </summary>
internal sealed class ModelCatalog(IReadOnlyList<IBackend> backends, EventHub hub, TimeProvider time)
{
    private static readonly TimeSpan LookDeadline = TimeSpan.FromSeconds(10);

    private readonly Lock replacing = new();
    private readonly Dictionary<string, Task> looks = [];
    private volatile CatalogSnapshot current = new(0, [.. backends.Select(backend => new BackendView { Backend = backend })]);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CatalogSnapshot Current => current;

    /// <summary>Completes when <see cref="Current"/> is no longer the snapshot with this version.</summary>
    public Task ChangedAfter(long version)
    {
        lock (replacing)
            return current.Version != version ? Task.CompletedTask : changed.Task;
    }

    /// <summary>Looks at every backend and returns the picture after it.</summary>
    public async Task<CatalogSnapshot> RefreshAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(backends.Select(backend => Look(backend))).WaitAsync(cancellationToken);
        return current;
    }

    /// <summary>Looks at one backend and returns the picture after it. The look itself goes on when this caller leaves.</summary>
    public async Task<CatalogSnapshot> RefreshAsync(IBackend backend, CancellationToken cancellationToken)
    {
        await Look(backend).WaitAsync(cancellationToken);
        return current;
    }

    /// <summary>The look under way, which may have begun before the change that the caller knows of, is followed by another one.</summary>
    public async Task<CatalogSnapshot> RefreshAfterChangeAsync(IBackend backend, CancellationToken cancellationToken)
    {
        Task? underWay;
        lock (replacing) looks.TryGetValue(backend.Name, out underWay);
        if (underWay is not null) await underWay.WaitAsync(cancellationToken);
        return await RefreshAsync(backend, cancellationToken);
    }

    private Task Look(IBackend backend)
    {
        lock (replacing)
        {
            if (looks.TryGetValue(backend.Name, out var underWay)) return underWay;
            var look = Task.Run(() => LookOnceAsync(backend));
            looks[backend.Name] = look;
            return look;
        }
    }

    private async Task LookOnceAsync(IBackend backend)
    {
        var started = time.GetTimestamp();
        Func<BackendView, BackendView> change;
        try
        {
            using var deadline = new CancellationTokenSource(LookDeadline, time);
            var report = await backend.ReportAsync(deadline.Token);
            var latency = time.GetElapsedTime(started);
            change = _ => Seen(backend, report, latency);
        }
        catch (Exception fault)
        {
            var problem = fault is OperationCanceledException ? $"'{backend.Name}' did not tell its models within {LookDeadline.TotalSeconds:0} s." : fault.Message;
            var reason = (fault as GatewayException)?.Error.Reason;
            change = view => view with { Reachable = false, Stale = true, Control = ControlChannels.None, Problem = problem, Reason = reason, Latency = time.GetElapsedTime(started) };
        }

        Replace(backend, change);
    }

    private static BackendView Seen(IBackend backend, BackendReport report, TimeSpan latency) => new()
    {
        Backend = backend,
        Reachable = true,
        Traits = report.Traits!,
        Models = report.Models,
        Instances = report.Instances,
        Control = report.Control,
        Version = report.Version,
        Problem = report.Problem,
        Latency = latency,
    };

    private void Replace(IBackend backend, Func<BackendView, BackendView> change)
    {
        TaskCompletionSource waiting;
        BackendView? before, after;
        lock (replacing)
        {
            looks.Remove(backend.Name);
            before = current.Find(backend.Name);
            current = new CatalogSnapshot(current.Version + 1, [.. current.Backends.Select(view => ReferenceEquals(view.Backend, backend) ? change(view) : view)]);
            after = current.Find(backend.Name);
            waiting = changed;
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiting.SetResult();
        if (before is not null && after is not null) TellReach(before, after);
    }

    private void TellReach(BackendView before, BackendView after)
    {
        var unknownUntilNow = before is { Reachable: false, Stale: false };      // never looked at
        if (after.Reachable && !before.Reachable) hub.Publish(new BackendUp(after.Name, after.Traits.Kind, after.Version));
        else if (!after.Reachable && (before.Reachable || unknownUntilNow)) hub.Publish(new BackendDown(after.Name, after.Problem));
    }
}
