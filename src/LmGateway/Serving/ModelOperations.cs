using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Serving;

/// <summary>A load asked for by hand.</summary>
internal sealed record LoadCommand(string ModelKey)
{
    public string? InstanceId { get; init; }
    public LoadSettings Settings { get; init; } = LoadSettings.None;
    public TimeSpan? Ttl { get; init; }

    /// <summary>Everything else that is loaded on the same backend is unloaded first.</summary>
    public bool Exclusive { get; init; }

    /// <summary>An instance that is loaded already will do. Otherwise each load makes another one.</summary>
    public bool Reuse { get; init; }

    /// <summary>Make it the active model, if it is a language model.</summary>
    public bool Activate { get; init; }

    public InferenceDefaults Defaults { get; init; } = InferenceDefaults.None;

    /// <summary>Hears how far the load is, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
}

/// <summary>A load that succeeded.</summary>
internal sealed record LoadOutcome(ModelInstance Instance, IReadOnlyList<NotApplied> NotApplied)
{
    public bool Activated { get; init; }

    /// <summary>What an exclusive load unloaded.</summary>
    public IReadOnlyList<string> Unloaded { get; init; } = [];

    public required TimeSpan Took { get; init; }
}

/// <summary>An unload that succeeded.</summary>
internal sealed record UnloadOutcome(ModelInstance Instance, TimeSpan Took);

/// <summary>An unload of several instances: those that are gone, and why the first of the others is not.</summary>
internal sealed record UnloadSweep(IReadOnlyList<ModelInstance> Gone, GatewayError? Failure);

/// <summary>Loads, unloads and activates models for every API; what it changes, it changes through the scheduler.</summary>
internal sealed partial class ModelOperations(
    ModelFinder finder, ModelCatalog catalog, Scheduler scheduler, ActiveModelState active, EventHub hub, OperationRecord operations, TimeProvider time, ILogger<ModelOperations> logger)
{
    public async Task<LoadOutcome> LoadAsync(LoadCommand command, CallContext call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var model = await FindToLoadAsync(command, call, started, cancellationToken);
        var standing = command.Reuse ? Standing(model.Target, command.InstanceId) : null;
        var unloaded = new List<string>();
        LoadResult result;
        try
        {
            if (command.Exclusive) await UnloadOthersAsync(model.Backend.Name, standing, unloaded, call, cancellationToken);
            var order = new LoadOrder(model.Target.ModelKey) { Identifier = command.InstanceId, Settings = command.Settings, Ttl = command.Ttl };
            result = standing is not null ? new LoadResult(standing) : await scheduler.LoadAsync(model.Backend.Backend, order, command.Progress, cancellationToken);
        }
        catch (GatewayException failure) when (unloaded.Count > 0)
        {
            var error = failure.Error;
            throw new GatewayException(error with { Message = $"{error.Message} Unloaded before the load: {string.Join(", ", unloaded)}." }, failure);
        }

        var outcome = new LoadOutcome(result.Instance, result.NotApplied) { Unloaded = unloaded, Took = time.GetElapsedTime(started) };
        LogLoaded(result.Instance.ModelKey, result.Instance.Id, outcome.Took.TotalMilliseconds, call.RequestId);
        if (command.Activate && result.Instance.Type != ModelType.Embedding)
        {
            // The instance bears another name than was asked for where the control connection that was left cannot carry one.
            var instance = command.InstanceId is null ? null : result.Instance.Identifier;
            await active.SetAsync(new ActiveModel(model.Target.ModelKey) { InstanceId = instance, Defaults = command.Defaults }, cancellationToken);
            outcome = outcome with { Activated = true };
        }

        if (standing is null) TellLoaded(command, outcome, call);
        return outcome;
    }

    /// <summary>What a load would need, without loading anything.</summary>
    public async Task<(ResolvedModel Model, LoadEstimate Estimate)> EstimateAsync(LoadCommand command, CallContext call, CancellationToken cancellationToken)
    {
        var model = await finder.FindToLoadAsync(command.ModelKey, call.Grant, cancellationToken);
        return (model, await model.Backend.Backend.EstimateAsync(new LoadOrder(model.Target.ModelKey) { Settings = command.Settings }, cancellationToken));
    }

    /// <summary>Unloads one instance: the one with the identifier, else the only one of the model. Ends the active model if it was that.</summary>
    public async Task<UnloadOutcome> UnloadAsync(string? modelKey, string? instanceId, bool force, CallContext call, CancellationToken cancellationToken)
    {
        var instance = await finder.FindLoadedAsync(modelKey, instanceId, call.Grant, cancellationToken);
        return await UnloadAsync(instance, force, call, cancellationToken);
    }

    /// <summary>Unloads every instance of a model, or every one there is. One that stays does not keep the others.</summary>
    public async Task<UnloadSweep> UnloadEveryAsync(string? modelKey, CallContext call, CancellationToken cancellationToken)
    {
        var (gone, failure) = (new List<ModelInstance>(), (GatewayError?)null);
        foreach (var instance in await finder.FindAllLoadedAsync(modelKey, call.Grant, cancellationToken))
        {
            try
            {
                gone.Add((await UnloadAsync(instance, force: false, call, cancellationToken)).Instance);
            }
            catch (GatewayException refused)
            {
                // One that has gone by itself meanwhile is no failure.
                if (refused.Error.Code != ErrorCode.ModelNotFound) failure ??= refused.Error;
            }
        }

        return new UnloadSweep(gone, failure);
    }

    /// <summary>Makes a model the active one without loading it. It has to exist.</summary>
    public async Task<ActiveModel> ActivateAsync(string modelKey, string? instanceId, InferenceDefaults defaults, CallContext call, CancellationToken cancellationToken)
    {
        var model = await finder.FindToLoadAsync(modelKey, call.Grant, cancellationToken);
        if (model.Info?.Type == ModelType.Embedding)
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'{modelKey}' is an embedding model; only a language model can be active.") { Parameter = "modelKey" });
        var chosen = new ActiveModel(model.Target.ModelKey) { InstanceId = instanceId ?? model.Target.Identifier, Defaults = defaults };
        await active.SetAsync(chosen, cancellationToken);
        return chosen;
    }

    private async Task<ResolvedModel> FindToLoadAsync(LoadCommand command, CallContext call, long started, CancellationToken cancellationToken)
    {
        try
        {
            var model = await finder.FindToLoadAsync(command.ModelKey, call.Grant, cancellationToken);
            if (command.Reuse || command.InstanceId is not { } taken || !IsLoaded(model.Backend.Name, taken)) return model;
            throw new GatewayException(new GatewayError(ErrorCode.IdentifierTaken, $"An instance with the identifier '{taken}' is loaded already. Use another instanceId, or unload it first.") { Parameter = "instanceId" });
        }
        catch (GatewayException refused)
        {
            operations.Note(failed: true);
            hub.Publish(new ModelLoadFailed(new ModelSubject(refused.Error.Backend, command.ModelKey, command.InstanceId), refused.Error, time.GetElapsedTime(started)));
            throw;
        }
    }

    private void TellLoaded(LoadCommand command, LoadOutcome outcome, CallContext call)
    {
        if (!hub.IsListening) return;
        var (id, key) = (outcome.Instance.Id, outcome.Instance.ModelKey);
        hub.Publish(new ModelLoaded(new ModelSubject(id.Backend, key, id.Identifier), ModelChangeOrigin.Requested)
        {
            Activated = outcome.Activated,
            Took = outcome.Took,
            Settings = command.Settings,
            NotApplied = [.. outcome.NotApplied.Select(item => item.Parameter)],
            RequestId = call.RequestId,
        });
    }

    private bool IsLoaded(string backend, string identifier)
    {
        foreach (var instance in catalog.Current.InstancesWithIdentifier(identifier))
            if (instance.Id.Backend == backend) return true;
        return false;
    }

    /// <summary>The instance that a load would double.</summary>
    private ModelInstance? Standing(ModelTarget target, string? identifier)
    {
        foreach (var instance in catalog.Current.InstancesOf(target.ModelKey))
            if (instance.Id.Backend == target.Backend && (identifier ?? target.Identifier ?? instance.Identifier) == instance.Identifier) return instance;
        return null;
    }

    private async Task<UnloadOutcome> UnloadAsync(ModelInstance instance, bool force, CallContext call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await scheduler.UnloadAsync(instance.Id, force, cancellationToken);
        await active.ForgetAsync(instance.ModelKey, instance.Identifier, cancellationToken);
        var took = time.GetElapsedTime(started);
        LogUnloaded(instance.ModelKey, instance.Id, took.TotalMilliseconds, call.RequestId);
        return new UnloadOutcome(instance, took);
    }

    private async Task UnloadOthersAsync(string backend, ModelInstance? kept, List<string> unloaded, CallContext call, CancellationToken cancellationToken)
    {
        var others = (catalog.Current.Find(backend)?.Instances ?? []).Where(instance => instance.Id != kept?.Id).ToList();
        foreach (var instance in others) call.Grant?.DemandModel(instance.ModelKey);
        foreach (var instance in others)
        {
            await scheduler.UnloadAsync(instance.Id, force: false, cancellationToken);
            await active.ForgetAsync(instance.ModelKey, instance.Identifier, cancellationToken);
            unloaded.Add(instance.Identifier);
        }
    }

    [LoggerMessage(LogLevel.Information, "Loaded {Model} as {Instance} in {Milliseconds:0} ms [{RequestId}]")]
    private partial void LogLoaded(string model, InstanceId instance, double milliseconds, string requestId);

    [LoggerMessage(LogLevel.Information, "Unloaded {Model} ({Instance}) in {Milliseconds:0} ms [{RequestId}]")]
    private partial void LogUnloaded(string model, InstanceId instance, double milliseconds, string requestId);
}
