using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>What a name means: the backend and what to address there.</summary>
internal sealed record ResolvedModel(BackendView Backend, ModelTarget Target)
{
    /// <summary>What the catalog knows of the model; null where the backend takes any name.</summary>
    public ModelInfo? Info { get; init; }

    public string Key => Target.ModelKey;
}

/// <summary>
/// Finds the model that a caller's name stands for, the same way for every API: exact key, instance identifier, then a unique part of a
/// loaded model's key, then of a downloaded one's. It changes nothing and asks nobody; it reads one snapshot.
/// </summary>
internal sealed class ModelResolver(LiveSettings settings)
{
    private const int ShortestPart = 3;

    /// <summary>The tag that Ollama means where none is written.</summary>
    private const string LatestTag = ":latest";

    /// <summary>Null where nothing fits; an ambiguous name and a model that may not be used are errors.</summary>
    public ResolvedModel? Find(CatalogSnapshot catalog, string name, ModelType wanted)
    {
        var found = FindAnywhere(catalog, name, wanted) ?? FindAtBackend(catalog, name, wanted);
        if (found is null) return null;
        if (!IsAllowed(found, name))
            throw new GatewayException(new GatewayError(ErrorCode.ModelNotAllowed, $"Model '{name}' is not in the allowed list. Available models: {string.Join(", ", settings.Current.Inference.AllowedModels)}") { Parameter = "model" });
        if (found.Info is { } info && !Fits(info.Type, wanted))
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'{name}' is {Describe(info.Type)}; this request needs {Describe(wanted)}.") { Parameter = "model" });
        return found;
    }

    /// <summary>Whether the model may be asked for by its key.</summary>
    public bool Allows(string key) =>
        settings.Current.Inference.AllowedModels is not { Count: > 0 } allowed || Lists(allowed, key);

    private bool Lists(IReadOnlyList<string> allowed, string key) =>
        allowed.Any(entry => Same(entry, key) || (settings.Current.Resolve.Substring && entry.Length >= ShortestPart && Contains(key, entry)));

    private ResolvedModel? FindAnywhere(CatalogSnapshot catalog, string name, ModelType wanted) =>
        ByKey(catalog, name) ?? ByIdentifier(catalog, name) ?? ByVariant(catalog, name) ?? ByPart(catalog, name, wanted) ?? AtOpenBackend(catalog, name);

    /// <summary><c>backend/key</c> says which of two backends is meant.</summary>
    private ResolvedModel? FindAtBackend(CatalogSnapshot catalog, string name, ModelType wanted)
    {
        var slash = name.IndexOf('/');
        if (slash <= 0 || catalog.Find(name[..slash]) is not { } view) return null;
        return FindAnywhere(new CatalogSnapshot(catalog.Version, [view]), name[(slash + 1)..], wanted);
    }

    private static ResolvedModel? ByKey(CatalogSnapshot catalog, string name)
    {
        var models = catalog.ModelsWithKey(name);
        return models.Length switch
        {
            0 => null,
            1 => Of(catalog, models[0]),
            _ => throw Ambiguous(name, models.ToArray().Select(model => $"{model.Backend}/{model.Key}")),
        };
    }

    private static ResolvedModel? ByIdentifier(CatalogSnapshot catalog, string name)
    {
        var instances = catalog.InstancesWithIdentifier(name);
        return instances.Length switch
        {
            0 => null,
            1 => Of(catalog, instances[0]),
            _ => throw Ambiguous(name, instances.ToArray().Select(instance => $"{instance.Id.Backend}/{instance.Identifier}")),
        };
    }

    private static ResolvedModel? ByVariant(CatalogSnapshot catalog, string name)
    {
        if (!name.Contains('@', StringComparison.Ordinal)) return null;
        foreach (var model in catalog.Models)
            if (model.Variants.Contains(name, StringComparer.OrdinalIgnoreCase))
                return Same(model.SelectedVariant ?? "", name) ? Of(catalog, model) : Of(catalog, model) with { Target = new ModelTarget(model.Backend, name) };
        return null;
    }

    private ResolvedModel? ByPart(CatalogSnapshot catalog, string name, ModelType wanted)
    {
        var loaded = catalog.Instances.Select(instance => instance.ModelKey).ToHashSet(StringComparer.Ordinal);
        var fitting = catalog.Models.Where(model => Fits(model.Type, wanted)).ToList();
        return Only(catalog, name, fitting.Where(model => Same(model.Key, name)))
            ?? Only(catalog, name, fitting.Where(model => Same(model.Key, name + LatestTag)))
            ?? (settings.Current.Resolve.Substring && name.Length >= ShortestPart
                ? Only(catalog, name, fitting.Where(model => loaded.Contains(model.Key) && Contains(model.Key, name)))
                    ?? Only(catalog, name, fitting.Where(model => Contains(model.Key, name)))
                : null);
    }

    private static ResolvedModel? Only(CatalogSnapshot catalog, string name, IEnumerable<ModelInfo> candidates)
    {
        var list = candidates.ToList();
        return list.Count switch
        {
            0 => null,
            1 => Of(catalog, list[0]),
            _ => throw Ambiguous(name, list.Select(model => list.Count(other => other.Key == model.Key) > 1 ? $"{model.Backend}/{model.Key}" : model.Key)),
        };
    }

    /// <summary>A server that answers to any name gets the name as it is, if it is the only one of its kind.</summary>
    private static ResolvedModel? AtOpenBackend(CatalogSnapshot catalog, string name)
    {
        var open = catalog.Backends.Where(view => view.Traits.TakesAnyModelName && view.Reachable).ToList();
        return open.Count == 1 ? new ResolvedModel(open[0], new ModelTarget(open[0].Name, name)) : null;
    }

    private static ResolvedModel Of(CatalogSnapshot catalog, ModelInfo model) =>
        new(catalog.Find(model.Backend)!, new ModelTarget(model.Backend, model.Key)) { Info = model };

    private static ResolvedModel Of(CatalogSnapshot catalog, ModelInstance instance)
    {
        var info = catalog.ModelsWithKey(instance.ModelKey).ToArray().FirstOrDefault(model => model.Backend == instance.Id.Backend)
            ?? new ModelInfo { Backend = instance.Id.Backend, Key = instance.ModelKey, Type = instance.Type };
        return new ResolvedModel(catalog.Find(instance.Id.Backend)!, new ModelTarget(instance.Id.Backend, instance.ModelKey, instance.Identifier)) { Info = info };
    }

    private bool IsAllowed(ResolvedModel found, string name) =>
        Allows(found.Key) || settings.Current.Inference.AllowedModels.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static bool Fits(ModelType type, ModelType wanted) => wanted == ModelType.Unknown || type == ModelType.Unknown || type == wanted;

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static bool Contains(string key, string part) => key.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static string Describe(ModelType type) => type == ModelType.Embedding ? "an embedding model" : "a language model";

    private static GatewayException Ambiguous(string name, IEnumerable<string> candidates)
    {
        string[] list = [.. candidates.Distinct().Order(StringComparer.Ordinal)];
        return new GatewayException(new GatewayError(ErrorCode.ModelAmbiguous, $"'{name}' fits several models: {string.Join(", ", list)}. Name one of them in full.")
        {
            Parameter = "model",
            Details = list,
        });
    }
}
