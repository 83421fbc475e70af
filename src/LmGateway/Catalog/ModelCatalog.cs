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
    private readonly Dictionary<IBackend, Task> looks = [];
    private volatile CatalogSnapshot current = new(0, [.. backends.Select(backend => new BackendView { Backend = backend })]);
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CatalogSnapshot Current => current;

    /// <summary>
    /// Puts other backends in the place of all, in one step. New ones are looked at before, so that their models are there from the first moment.
    /// </summary>
    public async Task ReplaceAsync(IReadOnlyList<IBackend> others, CancellationToken cancellationToken)
    {
        var added = others.Except(current.Backends.Select(view => view.Backend)).ToList();
        var seen = await Task.WhenAll(added.Select(async backend => (await SeeAsync(backend))(new BackendView { Backend = backend }))).WaitAsync(cancellationToken);
        TaskCompletionSource waiting;
        lock (replacing)
        {
            var views = current.Backends.Concat(seen).ToDictionary(view => view.Backend);
            current = new CatalogSnapshot(current.Version + 1, [.. others.Select(backend => views[backend])]);
            waiting = Announce();
        }

        waiting.SetResult();
        foreach (var view in seen) TellReach(new BackendView { Backend = view.Backend }, view);
    }

    /// <summary>Completes when <see cref="Current"/> is no longer the snapshot with this version.</summary>
    public Task ChangedAfter(long version)
    {
        lock (replacing)
            return current.Version != version ? Task.CompletedTask : changed.Task;
    }

    /// <summary>Looks at every backend and returns the picture after it.</summary>
    public async Task<CatalogSnapshot> RefreshAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(current.Backends.Select(view => Look(view.Backend))).WaitAsync(cancellationToken);
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
        lock (replacing) looks.TryGetValue(backend, out underWay);
        if (underWay is not null) await underWay.WaitAsync(cancellationToken);
        return await RefreshAsync(backend, cancellationToken);
    }

    private Task Look(IBackend backend)
    {
        lock (replacing)
        {
            if (looks.TryGetValue(backend, out var underWay)) return underWay;
            if (!current.Backends.Any(view => view.Backend == backend)) return Task.CompletedTask;        // it was taken out
            var look = Task.Run(() => LookOnceAsync(backend));
            looks[backend] = look;
            return look;
        }
    }

    private async Task LookOnceAsync(IBackend backend) => Replace(backend, await SeeAsync(backend));

    /// <summary>Asks the backend, and tells what its answer changes.</summary>
    private async Task<Func<BackendView, BackendView>> SeeAsync(IBackend backend)
    {
        var started = time.GetTimestamp();
        try
        {
            using var deadline = new CancellationTokenSource(LookDeadline, time);
            var report = await backend.ReportAsync(deadline.Token);
            var latency = time.GetElapsedTime(started);
            return _ => Seen(backend, report, latency);
        }
        catch (Exception fault)
        {
            var problem = fault is OperationCanceledException ? $"'{backend.Name}' did not tell its models within {LookDeadline.TotalSeconds:0} s." : fault.Message;
            var reason = (fault as GatewayException)?.Error.Reason;
            return view => view with { Reachable = false, Stale = true, Control = ControlChannels.None, Problem = problem, Reason = reason, Latency = time.GetElapsedTime(started) };
        }
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
        BackendView before, after;
        lock (replacing)
        {
            looks.Remove(backend);
            if (current.Backends.FirstOrDefault(view => view.Backend == backend) is not { } known) return;        // taken out meanwhile
            (before, after) = (known, change(known));
            current = new CatalogSnapshot(current.Version + 1, [.. current.Backends.Select(view => ReferenceEquals(view, known) ? after : view)]);
            waiting = Announce();
        }

        waiting.SetResult();
        TellReach(before, after);
    }

    private TaskCompletionSource Announce()
    {
        var waiting = changed;
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return waiting;
    }

    private void TellReach(BackendView before, BackendView after)
    {
        var unknownUntilNow = before is { Reachable: false, Stale: false };      // never looked at
        if (after.Reachable && !before.Reachable) hub.Publish(new BackendUp(after.Name, after.Traits.Kind, after.Version));
        else if (!after.Reachable && (before.Reachable || unknownUntilNow)) hub.Publish(new BackendDown(after.Name, after.Problem));
    }
}
