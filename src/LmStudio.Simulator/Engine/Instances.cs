using System.Collections.Immutable;

namespace LmStudio.Simulator.Engine;

/// <summary>What a caller looks for among the loaded instances; null members match everything.</summary>
public sealed record InstanceQuery
{
    public ModelDomain? Domain { get; init; }
    public string? Identifier { get; init; }

    /// <summary>A model's key, variant or path.</summary>
    public string? Path { get; init; }

    public bool? Vision { get; init; }
}

/// <summary>The loaded instances and the names being loaded. Readers see an immutable snapshot; writers take turns.</summary>
public sealed class Instances(SimulatedLmStudio studio)
{
    private readonly Lock _changing = new();
    private readonly HashSet<string> _loading = new(StringComparer.Ordinal);
    private ImmutableArray<LoadedInstance> _all = [];
    private int _references;

    /// <summary>All loaded instances, oldest first.</summary>
    public IReadOnlyList<LoadedInstance> All => _all;

    public IEnumerable<LoadedInstance> Of(ModelDomain domain) => _all.Where(instance => instance.Model.Domain == domain);

    public LoadedInstance? ByIdentifier(string identifier) => _all.FirstOrDefault(instance => instance.Identifier == identifier);

    /// <summary>The instance of a reference.</summary>
    /// <exception cref="EngineException">The instance is gone.</exception>
    public LoadedInstance ByReference(string reference, ModelDomain domain) =>
        _all.FirstOrDefault(instance => instance.InstanceReference == reference && instance.Model.Domain == domain)
        ?? throw new EngineException(new EngineError(EngineErrorKind.SpecificModelUnloaded, "Model is unloaded."));

    /// <summary>The oldest instance that fits a query, or null.</summary>
    public LoadedInstance? Find(InstanceQuery query) => _all.FirstOrDefault(instance =>
        (query.Domain is null || instance.Model.Domain == query.Domain)
        && (query.Identifier is null || instance.Identifier == query.Identifier)
        && (query.Path is null || Names(instance.Model).Contains(query.Path, StringComparer.Ordinal))
        && (query.Vision is null || instance.Model.Vision == query.Vision));

    /// <summary>The oldest instance that fits a query.</summary>
    /// <exception cref="EngineException">Nothing loaded fits.</exception>
    public LoadedInstance Require(InstanceQuery query) => Find(query)
        ?? throw new EngineException(new EngineError(EngineErrorKind.NoModelMatchingQuery, "No model found that fits the query.")
        {
            Sample = Identifiers(query.Domain),
        });

    /// <summary>The identifiers of what is loaded, of one domain or of both.</summary>
    public IReadOnlyList<string> Identifiers(ModelDomain? domain = null) =>
        [.. _all.Where(instance => domain is null || instance.Model.Domain == domain).Select(instance => instance.Identifier)];

    /// <summary>Unloads by identifier; its running predictions end.</summary>
    /// <exception cref="EngineException">No instance has this identifier.</exception>
    public LoadedInstance Unload(string identifier, ModelDomain? domain = null)
    {
        var instance = ByIdentifier(identifier);
        if (instance is null || (domain is not null && instance.Model.Domain != domain) || !Remove(instance))
            throw new EngineException(new EngineError(EngineErrorKind.IdentifierNotFound, $"Cannot find a model with identifier \"{identifier}\"")
            {
                Subject = identifier,
                Sample = Identifiers(),
            });
        return instance;
    }

    /// <summary>Unloads everything.</summary>
    public void UnloadAll()
    {
        foreach (var instance in _all) Remove(instance);
    }

    /// <summary>Whether the memory holds one more instance.</summary>
    public bool HasRoom => _all.Length + _loading.Count < studio.Settings.MemoryModels;

    /// <summary>Takes a place in memory and a free identifier; the asked one, or the key with a number behind it.</summary>
    internal string Reserve(LoadRequest request, SimulatedModel model)
    {
        lock (_changing)
        {
            var identifier = request.Identifier ?? FreeIdentifier(model.Key);
            if (IsTaken(identifier)) throw Taken(identifier);
            if (!HasRoom) throw TooBig(model);
            _loading.Add(identifier);
            return identifier;
        }
    }

    /// <summary>Gives a reserved identifier back after a load that failed or was cancelled.</summary>
    internal void GiveBack(string identifier)
    {
        lock (_changing) _loading.Remove(identifier);
    }

    /// <summary>Turns a reserved identifier into an instance.</summary>
    internal LoadedInstance Add(string identifier, SimulatedModel model, LoadRequest request)
    {
        var settings = studio.Settings;
        lock (_changing)
        {
            var instance = new LoadedInstance(new InstanceName(identifier, $"inst-{++_references}"), model, request, settings, Expired);
            _loading.Remove(identifier);
            _all = _all.Add(instance);
            return instance;
        }
    }

    internal bool Remove(LoadedInstance instance)
    {
        lock (_changing)
        {
            if (!_all.Contains(instance)) return false;
            _all = _all.Remove(instance);
        }

        studio.Counters.Unloaded();
        studio.Log.Server("info", $"[{instance.Identifier}] Unloaded");
        instance.Unload();
        return true;
    }

    private void Expired(LoadedInstance instance)
    {
        if (Remove(instance)) studio.Counters.Expired();
    }

    private string FreeIdentifier(string key)
    {
        if (!IsTaken(key)) return key;
        var number = 2;
        while (IsTaken($"{key}:{number}")) number++;
        return $"{key}:{number}";
    }

    private bool IsTaken(string identifier) => _loading.Contains(identifier) || ByIdentifier(identifier) is not null;

    private static EngineException Taken(string identifier) =>
        new(new EngineError(EngineErrorKind.IdentifierTaken, $"Model load error: A model with the identifier \"{identifier}\" already exists.")
        {
            Subject = identifier,
        });

    /// <summary>The guardrails' literal text.</summary>
    private static EngineException TooBig(SimulatedModel model) => new(new EngineError(
        EngineErrorKind.InsufficientMemory,
        "Model loading was stopped due to insufficient system resources. "
        + $"Under the current settings, this model requires approximately {model.SizeBytes / 1e9:0.00} GB of memory, "
        + "and continuing to load it would likely overload your system and cause it to freeze. "
        + "If you think this is incorrect, you can adjust the model loading guardrails in settings."));

    private static IEnumerable<string> Names(SimulatedModel model) => [model.Key, model.Path, .. model.Variants];
}
