using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace LmStudio.Simulator.Engine;

/// <summary>The ways a model comes into memory. Cancelling the token stops a load and frees its name.</summary>
public sealed class Loading(SimulatedLmStudio studio)
{
    private const int ProgressReports = 5;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<LoadedInstance>> _onDemand = new(StringComparer.Ordinal);

    /// <summary>Loads another copy, always. Reports <see cref="LoadEvent.Resolved"/>, starting, progress, loaded.</summary>
    /// <exception cref="EngineException">Unknown key, wrong domain, identifier taken, no memory, or a load that fails.</exception>
    public async IAsyncEnumerable<LoadEvent> LoadAsync(LoadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (model, ambiguous) = Resolve(request);
        yield return new LoadEvent.Resolved(model, ambiguous);
        await foreach (var step in IntoMemoryAsync(request, model, cancellationToken)) yield return step;
    }

    /// <summary>
    /// Answers the instance of that identifier or key, and loads the model when there is none. Concurrent calls share one
    /// load (but for <see cref="SimulatorOptions.JitRace"/>), whose failure is everyone's; when the one that loads leaves, the next takes over.
    /// </summary>
    public async IAsyncEnumerable<LoadEvent> GetOrLoadAsync(LoadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Existing(request, request.ModelKey) is { } existing)
            {
                yield return new LoadEvent.AlreadyLoaded(existing);
                yield break;
            }

            var (model, _) = Resolve(request);
            if (Existing(request, model.Key) is { } underItsKey)
            {
                yield return new LoadEvent.AlreadyLoaded(underItsKey);
                yield break;
            }

            var mine = new TaskCompletionSource<LoadedInstance>(TaskCreationOptions.RunContinuationsAsynchronously);
            var ahead = studio.Settings.JitRace ? mine : _onDemand.GetOrAdd(model.Key, mine);
            if (ahead == mine)
            {
                await foreach (var step in LeadAsync(request, model, mine, cancellationToken)) yield return step;
                yield break;
            }

            if (await OutcomeAsync(ahead.Task, cancellationToken) is { } shared)
            {
                yield return new LoadEvent.AlreadyLoaded(shared);
                yield break;
            }
        }
    }

    /// <summary>Runs a get-or-load to its end.</summary>
    public async Task<LoadedInstance> GetOrLoadInstanceAsync(LoadRequest request, CancellationToken cancellationToken)
    {
        LoadedInstance? instance = null;
        await foreach (var step in GetOrLoadAsync(request, cancellationToken))
            instance = step switch { LoadEvent.AlreadyLoaded already => already.Instance, LoadEvent.Loaded loaded => loaded.Instance, _ => instance };
        return instance!;
    }

    /// <summary>The downloaded model that a request means, and all keys when several answer to the name.</summary>
    /// <exception cref="EngineException">Unknown key or wrong domain.</exception>
    public (SimulatedModel Model, IReadOnlyList<string> Ambiguous) Resolve(LoadRequest request)
    {
        var found = studio.Models.Find(request.ModelKey);
        if (found.Count == 0)
            throw new EngineException(new EngineError(EngineErrorKind.PathNotFound, $"Cannot find a model with path \"{request.ModelKey}\"")
            {
                Subject = request.ModelKey,
                Sample = [.. studio.Models.Known.Select(model => model.Key)],
            });
        var model = found[0];
        if (request.Domain is { } expected && model.Domain != expected)
            throw new EngineException(new EngineError(EngineErrorKind.DomainMismatch, "Model has wrong domain")
            {
                Subject = model.Path,
                ActualDomain = model.Domain,
                ExpectedDomain = expected,
            });
        return (model, found.Count > 1 ? [.. found.Select(each => each.Key)] : []);
    }

    private LoadedInstance? Existing(LoadRequest request, string name) =>
        studio.Instances.Find(new InstanceQuery { Domain = request.Domain, Identifier = name })
        ?? studio.Instances.Find(new InstanceQuery { Domain = request.Domain, Path = name });

    private async IAsyncEnumerable<LoadEvent> LeadAsync(
        LoadRequest request, SimulatedModel model, TaskCompletionSource<LoadedInstance> mine, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var onDemand = request with { OnDemand = true, Ttl = request.Ttl ?? studio.Settings.JitTtl };
        await using var steps = OnDemandAsync(onDemand, model, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            while (await MoveAsync(steps, mine))
            {
                if (steps.Current is LoadEvent.Loaded loaded) mine.TrySetResult(loaded.Instance);
                yield return steps.Current;
            }
        }
        finally
        {
            _onDemand.TryRemove(new KeyValuePair<string, TaskCompletionSource<LoadedInstance>>(model.Key, mine));
            mine.TrySetCanceled(CancellationToken.None);
        }
    }

    private static async Task<bool> MoveAsync(IAsyncEnumerator<LoadEvent> steps, TaskCompletionSource<LoadedInstance> mine)
    {
        try
        {
            return await steps.MoveNextAsync();
        }
        catch (EngineException exception)
        {
            if (mine.TrySetException(exception)) _ = mine.Task.Exception;
            throw;
        }
    }

    /// <summary>The result of someone else's load; null when that one left before the end.</summary>
    private static async Task<LoadedInstance?> OutcomeAsync(Task<LoadedInstance> load, CancellationToken cancellationToken)
    {
        try
        {
            return await load.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async IAsyncEnumerable<LoadEvent> OnDemandAsync(
        LoadRequest request, SimulatedModel model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (studio.Settings.AutoEvict && !studio.Settings.JitRace)
        {
            foreach (var other in studio.Instances.All.Where(instance => instance.OnDemand).ToList())
            {
                yield return new LoadEvent.UnloadingOther(other);
                studio.Instances.Remove(other);
            }
        }

        await foreach (var step in IntoMemoryAsync(request, model, cancellationToken)) yield return step;
    }

    private async IAsyncEnumerable<LoadEvent> IntoMemoryAsync(
        LoadRequest request, SimulatedModel model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var load = Begin(request, model);
        yield return new LoadEvent.Starting(load.Identifier, model);
        var settings = studio.Settings;
        var began = settings.TimeProvider.GetTimestamp();
        yield return new LoadEvent.Progress(0);
        for (var report = 1; report <= ProgressReports; report++)
        {
            if (settings.LoadTime > TimeSpan.Zero) await Task.Delay(settings.LoadTime / ProgressReports, settings.TimeProvider, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            yield return new LoadEvent.Progress((double)report / ProgressReports);
        }

        yield return new LoadEvent.Loaded(load.Complete(), settings.TimeProvider.GetElapsedTime(began));
    }

    private Load Begin(LoadRequest request, SimulatedModel model)
    {
        studio.Counters.LoadStarted(model.Key);
        try
        {
            if (studio.Faults.Take(model.Key, FaultKind.LoadFailed) is { } fault)
                throw new EngineException(new EngineError(EngineErrorKind.LoadFailed, fault.Message ?? "Failed to load model"));
            return new Load(studio, request, model, studio.Instances.Reserve(request, model));
        }
        catch (EngineException)
        {
            studio.Counters.LoadFailed();
            throw;
        }
    }

    /// <summary>A load under way: its name and place are given back unless it is completed.</summary>
    private sealed class Load(SimulatedLmStudio studio, LoadRequest request, SimulatedModel model, string identifier) : IDisposable
    {
        private bool _complete;

        public string Identifier => identifier;

        public LoadedInstance Complete()
        {
            _complete = true;
            studio.Counters.LoadCompleted();
            studio.Log.Server("info", $"[{identifier}] Model loaded");
            return studio.Instances.Add(identifier, model, request);
        }

        public void Dispose()
        {
            if (_complete) return;
            studio.Instances.GiveBack(identifier);
            studio.Counters.LoadCancelled();
        }
    }
}
