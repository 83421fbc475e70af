using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.BringUp;

/// <summary>
/// Makes a model ready from whatever state the machine is in: server started, model downloaded, model loaded. Each step looks first and
/// does only what is missing, so that running it again costs nothing and goes on where an earlier run ended.
/// </summary>
internal sealed class BringUpOperation(ModelCatalog catalog, ServerStart server, ModelPulls pulls, JobList jobs, ModelOperations operations)
{
    public const string Ready = "LLM ready for routing";

    /// <summary>Never fails but by its token: what stands in the way is the report's message. Leaving does not end a download.</summary>
    public async Task<BringUpReport> RunAsync(BringUpOrder order, Action<BringUpMoment> tell, CallContext call, CancellationToken cancellationToken)
    {
        var steps = new List<string>();
        try
        {
            var backend = Choose(order.Kind);
            var product = backend.Program?.Words.Product ?? backend.Name;
            tell(new BringUpMoment($"Looking for {product}"));
            var (view, started) = await server.EnsureAsync(backend, tell, cancellationToken);
            steps.Add(started ? backend.Program!.Words.Started : backend.Program?.Words.AlreadyRunning ?? $"{product} already running");

            var (key, downloaded) = await HaveAsync(view, order, steps, command => PullAsync(command, tell, call, cancellationToken), cancellationToken);
            steps.Add(downloaded ? $"Downloaded model {order.Model}" : $"Model {order.Model} already installed");

            call.Grant?.DemandModel(key);
            var (identifier, loaded) = await LoadAsync(view.Backend, key, tell, call, cancellationToken);
            steps.Add(loaded ? $"Loaded model {order.Model} into memory" : $"Model {order.Model} already loaded");
            return new BringUpReport(true, Ready) { Steps = steps, Identifier = identifier };
        }
        catch (GatewayException failure)
        {
            return new BringUpReport(false, failure.Message) { Steps = steps, Error = failure.Error };
        }
    }

    /// <summary>
    /// Whether the model is ready. Starts nothing and loads nothing: throws, with what to do, where the server does not
    /// run or the model is not loaded.
    /// </summary>
    /// <returns>The name by which requests reach it.</returns>
    public async Task<string> FindReadyAsync(BringUpOrder order, CancellationToken cancellationToken)
    {
        var backend = Choose(order.Kind);
        var view = (await catalog.RefreshAsync(backend, cancellationToken)).Find(backend.Name)!;
        if (!view.Reachable)
            throw new GatewayException(new GatewayError(ErrorCode.BackendUnreachable, backend.Program?.Words.NotRunning ?? view.Problem ?? $"'{backend.Name}' is not running.") { Backend = backend.Name });
        if (ModelNames.FindKey(view.Models, order.Model) is not { } key) throw Missing(view.Backend, order.Model);
        var instance = Loaded(view, key) ?? throw new GatewayException(ErrorCode.ModelNotFound, "Model not loaded into memory. Run init_llm to load it.");
        return catalog.Current.InstancesWithIdentifier(instance.Identifier).Length > 1 ? $"{backend.Name}/{instance.Identifier}" : instance.Identifier;
    }

    /// <summary>The backend of that kind, which need not run.</summary>
    private IBackend Choose(string kind)
    {
        var backends = catalog.Current.Backends.Select(view => view.Backend).ToList();
        var chosen = kind == BringUpOrder.Auto
            ? catalog.Current.Backends.FirstOrDefault(view => view.Reachable)?.Backend
                ?? backends.Find(backend => backend.Program is { IsLocal: true } program && program.Find() is not null)
                ?? backends.FirstOrDefault()
            : backends.Find(backend => backend.Traits.Kind == kind);
        return chosen ?? throw new GatewayException(ErrorCode.NotSupported, $"The backend '{kind}' is not configured here; there is {string.Join(", ", backends.Select(backend => backend.Name))}. Set BACKEND to one of them (it is {BringUpOptions.Ollama} where it is not set), or add '{kind}' to backends.");
    }

    private async Task<(string Key, bool Downloaded)> HaveAsync(BackendView view, BringUpOrder order, List<string> steps, Func<PullCommand, Task<Job>> pull, CancellationToken cancellationToken)
    {
        if (ModelNames.FindKey(view.Models, order.Model) is { } here) return (here, false);
        if (!view.Traits.CanPull) throw Missing(view.Backend, order.Model);
        Job? last = null;
        foreach (var name in view.Backend.Program?.PullNames(order.Model, order.Source) ?? [order.Model])
        {
            last = await pull(new PullCommand(name) { Backend = view.Name });
            if (!IsUnknown(last)) break;
        }

        if (last?.Error is { } failure)
        {
            var reason = $"Failed to download model {order.Model}: {failure.Message}";
            if (!IsUnknown(last)) throw new GatewayException(failure with { Message = reason });
            steps.Add(reason);
            throw Missing(view.Backend, order.Model);
        }

        var after = (await catalog.RefreshAfterChangeAsync(view.Backend, cancellationToken)).Find(view.Name)!;
        return (ModelNames.FindKey(after.Models, order.Model) ?? throw Missing(view.Backend, order.Model), true);
    }

    /// <summary>Nothing came under this name: backends have no code for that, and say it in many words.</summary>
    private static bool IsUnknown(Job job) => job is { Error.Code: ErrorCode.ModelNotFound or ErrorCode.InvalidRequest or ErrorCode.TransferFailed, Bytes: 0 };

    /// <summary>The download at its end. A name that cannot be one is refused before it begins.</summary>
    private async Task<Job> PullAsync(PullCommand command, Action<BringUpMoment> tell, CallContext call, CancellationToken cancellationToken)
    {
        tell(new BringUpMoment("Downloading model: 0%", 0));
        var last = pulls.Start(command, call);
        await foreach (var job in jobs.WatchAsync(last.Id, cancellationToken))
        {
            last = job;
            if (job.Percent is { } percent) tell(new BringUpMoment($"Downloading model: {Math.Floor(percent):0}%", percent));
            else if (job.Message is { } message) tell(new BringUpMoment(message));
        }

        return last;
    }

    private async Task<(string Identifier, bool Loaded)> LoadAsync(IBackend backend, string key, Action<BringUpMoment> tell, CallContext call, CancellationToken cancellationToken)
    {
        var view = (await catalog.RefreshAsync(backend, cancellationToken)).Find(backend.Name)!;
        if (Loaded(view, key) is { } standing) return (standing.Identifier, false);
        tell(new BringUpMoment($"Loading {key}"));
        // The same key on two backends is told apart by the backend's name.
        var name = catalog.Current.ModelsWithKey(key).Length > 1 ? $"{backend.Name}/{key}" : key;
        var progress = new Telling(fraction => tell(new BringUpMoment($"Loading {key}: {fraction:P0}", null)));
        var outcome = await operations.LoadAsync(new LoadCommand(name) { Reuse = true, Progress = progress }, call, cancellationToken);
        return (outcome.Instance.Identifier, true);
    }

    private static ModelInstance? Loaded(BackendView view, string key) => view.Instances.FirstOrDefault(instance => instance.ModelKey == key);

    private static GatewayException Missing(IBackend backend, string model) =>
        new(new GatewayError(ErrorCode.ModelNotFound, backend.Program?.Words.ModelNotFound(model) ?? $"Model '{model}' not found.") { Backend = backend.Name });

    /// <summary>Hands each report on at once; <see cref="Progress{T}"/> would do so later and elsewhere.</summary>
    private sealed class Telling(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}
