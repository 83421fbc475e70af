using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>
/// Finds what a name means, looking at the backends anew before it says that there is no such thing: the model may have arrived, or the
/// backend may have come up, since the last look.
/// </summary>
internal sealed class ModelFinder(ModelCatalog catalog, ModelResolver resolver, LiveSettings settings, TimeProvider time)
{
    /// <summary>For a request: the model, or why it cannot be had, or that the caller's key may not use it.</summary>
    public ValueTask<ResolvedModel> FindAsync(string name, ModelType wanted, KeyGrant? grant, CancellationToken cancellationToken) =>
        Find(catalog.Current, name, wanted, grant) is { } known ? new(known) : new(FindAnewAsync(name, wanted, grant, cancellationToken));

    /// <summary>After a backend denied what the catalog shows.</summary>
    public Task LookAgainAsync(ResolvedModel model, CancellationToken cancellationToken) =>
        catalog.RefreshAfterChangeAsync(model.Backend.Backend, cancellationToken);

    /// <summary>For a list: a picture, as the caller may see it, in which a backend is up, looked for anew where the last look saw none.</summary>
    public async ValueTask<CatalogSnapshot> SeenAsync(KeyGrant? grant, CancellationToken cancellationToken)
    {
        var snapshot = catalog.Current;
        if (snapshot.Backends.Any(view => view.Reachable)) return snapshot.SeenBy(grant);
        snapshot = await catalog.RefreshAsync(cancellationToken);
        return snapshot.Backends.Any(view => view.Reachable) ? snapshot.SeenBy(grant) : throw Unreachable(snapshot.Backends[0]);
    }

    /// <summary>For a load by hand: a connection that is down is tried for as long as the control connection itself is tried.</summary>
    public async Task<ResolvedModel> FindToLoadAsync(string name, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var snapshot = await ReachAsync(cancellationToken);
        if (Find(snapshot, name, ModelType.Unknown, grant) is { } found) return found;
        grant?.DemandModel(name);
        throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {name}") { Parameter = "modelKey" });
    }

    /// <summary>For what cannot be undone: the model of exactly this key, identifier, path or variant, in whatever case; no part of a name will do.</summary>
    public async Task<ModelInfo> FindExactlyAsync(string name, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var snapshot = await ReachAsync(cancellationToken);
        var owner = snapshot.Instances.FirstOrDefault(instance => instance.Identifier == name)?.ModelKey;
        var found = snapshot.Models.Where(model => model.Key == name).ToList();
        if (found.Count == 0) found = [.. snapshot.Models.Where(model => model.Key == owner || Is(model, name))];
        foreach (var model in found) grant?.DemandModel(model.Key);
        return found switch
        {
            [var model] => model,
            [] => throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {name}") { Parameter = "modelKey" }),
            _ => throw new GatewayException(new GatewayError(ErrorCode.ModelAmbiguous, $"'{name}' fits several models: {string.Join(", ", found.Select(Full))}. Name one of them by its key.")
            {
                Parameter = "modelKey",
                Details = [.. found.Select(Full)],
            }),
        };

        string Full(ModelInfo model) => found.Count(other => other.Key == model.Key) > 1 ? $"{model.Backend}/{model.Key}" : model.Key;

        static bool Is(ModelInfo model, string name) =>
            new[] { model.Key, model.Path, $"{model.Publisher}/{model.Key}", $"{model.Backend}/{model.Key}" }.Concat(model.Variants).Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>For an unload: the instance, or an error that lists the candidates.</summary>
    public async Task<ModelInstance> FindLoadedAsync(string? modelKey, string? instanceId, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var snapshot = await ReachAsync(cancellationToken);
        var candidates = Allowed(snapshot.Instances.Where(instance => Names(instance, modelKey, instanceId)), grant);
        return candidates.Count switch
        {
            1 => candidates[0],
            0 => throw new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {instanceId ?? modelKey}") { Parameter = instanceId is null ? "modelKey" : "instanceId" }),
            _ => throw new GatewayException(new GatewayError(ErrorCode.InstanceAmbiguous, $"Several instances of '{modelKey}' are loaded: {string.Join(", ", candidates.Select(Full))}. Say which one with instanceId.")
            {
                Details = [.. candidates.Select(Full)],
            }),
        };

        string Full(ModelInstance one) => candidates.Count(other => other.Identifier == one.Identifier) > 1 ? $"{one.Id.Backend}/{one.Identifier}" : one.Identifier;
    }

    /// <summary>For an unload of several: every instance of the model, or every one that the caller's key may use.</summary>
    public async Task<IReadOnlyList<ModelInstance>> FindAllLoadedAsync(string? modelKey, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var snapshot = await ReachAsync(cancellationToken);
        return modelKey is null ? snapshot.SeenBy(grant).Instances : Allowed(snapshot.Instances.Where(instance => Names(instance, modelKey, instanceId: null)), grant);
    }

    /// <summary>A picture taken now. Throws <see cref="ErrorCode.ControlUnavailable"/> where no backend could be reached after the attempts that are set.</summary>
    public async Task<CatalogSnapshot> ReachAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var snapshot = await catalog.RefreshAsync(cancellationToken);
            if (snapshot.Backends.Any(view => view.Reachable)) return snapshot;
            if (attempt >= settings.Current.LmStudio.ConnectAttempts)
                throw new GatewayException(new GatewayError(ErrorCode.ControlUnavailable, Unreachable(snapshot, attempt))
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                    Reason = snapshot.Backends[0].Reason,
                });
            await Task.Delay(TimeSpan.FromMilliseconds(settings.Current.LmStudio.ConnectRetryMs), time, cancellationToken);
        }
    }

    /// <summary>The admin API's document has these words for LM Studio; others say themselves what is the matter.</summary>
    private static string Unreachable(CatalogSnapshot snapshot, int attempts) => snapshot.Backends.Any(view => view.Traits.Kind == BackendEntry.LmStudio)
        ? $"Failed to connect to LM Studio SDK after {attempts} attempts. Ensure LM Studio is running and the API server is enabled."
        : string.Join(' ', snapshot.Backends.Select(view => view.Problem ?? $"'{view.Name}' cannot be reached."));

    private async Task<ResolvedModel> FindAnewAsync(string name, ModelType wanted, KeyGrant? grant, CancellationToken cancellationToken)
    {
        var fresh = await catalog.RefreshAsync(cancellationToken);
        return Find(fresh, name, wanted, grant) ?? throw NotFound(fresh, name, grant);
    }

    /// <summary>A key that is for some models finds those first; another model that a name means is one that it may not use.</summary>
    private ResolvedModel? Find(CatalogSnapshot snapshot, string name, ModelType wanted, KeyGrant? grant)
    {
        if (grant is not { IsForSome: true }) return resolver.Find(snapshot, name, wanted);
        ResolvedModel? found = null;
        try
        {
            found = resolver.Find(snapshot, name, wanted);
            if (found is not null && grant.Allows(found.Key)) return found;
        }
        catch (GatewayException ambiguous) when (ambiguous.Error.Code == ErrorCode.ModelAmbiguous)
        {
            // Among its own models the name may mean one.
        }

        if (resolver.Find(snapshot.SeenBy(grant), name, wanted) is { } own && grant.Allows(own.Key)) return own;
        if (found is not null) grant.DemandModel(found.Key);
        return null;
    }

    /// <summary>Those that the key may use; an error where there are none but others.</summary>
    private static List<ModelInstance> Allowed(IEnumerable<ModelInstance> instances, KeyGrant? grant)
    {
        var found = instances.ToList();
        if (grant is not { IsForSome: true } || found.Count == 0) return found;
        var own = found.FindAll(instance => grant.Allows(instance.ModelKey));
        if (own.Count == 0) grant.DemandModel(found[0].ModelKey);
        return own;
    }

    private static bool Names(ModelInstance instance, string? modelKey, string? instanceId)
    {
        if (instanceId is not null) return IsCalled(instance.Identifier, instanceId);
        return modelKey is not null && (IsCalled(instance.ModelKey, modelKey) || instance.Path == modelKey || IsCalled(instance.Identifier, modelKey));

        // backend/name says which of two backends is meant.
        bool IsCalled(string own, string name) =>
            own == name || (name.Length == instance.Id.Backend.Length + 1 + own.Length && name.EndsWith("/" + own, StringComparison.Ordinal) && name.StartsWith(instance.Id.Backend, StringComparison.Ordinal));
    }

    /// <summary>To the holder of a key that is for some models, what does not exist looks like what may not be used.</summary>
    private GatewayException NotFound(CatalogSnapshot snapshot, string name, KeyGrant? grant)
    {
        grant?.DemandModel(name);
        if (snapshot.Backends.FirstOrDefault(view => !view.Reachable) is { } down) return Unreachable(down);
        string[] available = [.. snapshot.SeenBy(grant).Models.Select(model => model.Key).Where(resolver.Allows).Distinct().Order(StringComparer.Ordinal)];
        var list = available.Length == 0 ? "No model is available." : $"Available models: {string.Join(", ", available.Take(50))}{(available.Length > 50 ? " …" : "")}";
        return new GatewayException(new GatewayError(ErrorCode.ModelNotFound, $"Model '{name}' is not available. {list}") { Parameter = "model", Details = available });
    }

    private static GatewayException Unreachable(BackendView down) =>
        new(new GatewayError(ErrorCode.BackendUnreachable, down.Problem ?? $"'{down.Name}' cannot be reached.") { Backend = down.Name, Reason = down.Reason });
}
