using System.Collections.Frozen;
using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Catalog;

/// <summary>What the gateway knows of one backend. A failed look keeps the last lists and marks them stale.</summary>
internal sealed record BackendView
{
    public required IBackend Backend { get; init; }
    public bool Reachable { get; init; }

    /// <summary>The lists are older than the last look, which failed.</summary>
    public bool Stale { get; init; }

    public IReadOnlyList<ModelInfo> Models { get; init; } = [];
    public IReadOnlyList<ModelInstance> Instances { get; init; } = [];
    public ControlChannels Control { get; init; } = ControlChannels.None;
    public string? Version { get; init; }

    /// <summary>Why it is not reachable, or what is amiss.</summary>
    public string? Problem { get; init; }

    /// <summary>Why there is no connection to it, in a few words.</summary>
    public string? Reason { get; init; }

    /// <summary>How long the last look took.</summary>
    public TimeSpan Latency { get; init; }

    public string Name => Backend.Name;

    /// <summary>What it can do now.</summary>
    public BackendTraits Traits { get => field ?? Backend.Traits; init; }
}

/// <summary>Every model and instance that can be seen now: immutable, replaced as a whole.</summary>
internal sealed class CatalogSnapshot
{
    private readonly BackendView[] views;
    private readonly FrozenDictionary<string, ModelInstance[]> byIdentifier;
    private readonly FrozenDictionary<string, ModelInfo[]> byKey;
    private readonly FrozenDictionary<string, ModelInstance[]> instancesByKey;

    public CatalogSnapshot(long version, IReadOnlyList<BackendView> backends)
    {
        Version = version;
        Backends = views = [.. backends];
        Models = [.. backends.SelectMany(view => view.Models)];
        Instances = [.. backends.SelectMany(view => view.Instances)];
        byKey = Models.GroupBy(model => model.Key, StringComparer.Ordinal).ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
        byIdentifier = Group(Instances, instance => instance.Identifier);
        instancesByKey = Group(Instances, instance => instance.ModelKey);
    }

    public static CatalogSnapshot Empty { get; } = new(0, []);

    /// <summary>Grows by one with every replacement; 0 before the first look has ended.</summary>
    public long Version { get; }

    public IReadOnlyList<BackendView> Backends { get; }
    public IReadOnlyList<ModelInfo> Models { get; }
    public IReadOnlyList<ModelInstance> Instances { get; }

    public ReadOnlySpan<ModelInfo> ModelsWithKey(string key) => byKey.GetValueOrDefault(key);

    public ReadOnlySpan<ModelInstance> InstancesWithIdentifier(string identifier) => byIdentifier.GetValueOrDefault(identifier);

    public ReadOnlySpan<ModelInstance> InstancesOf(string modelKey) => instancesByKey.GetValueOrDefault(modelKey);

    public BackendView? Find(string backend)
    {
        foreach (var view in views)
            if (view.Name == backend) return view;
        return null;
    }

    /// <summary>What of it the holder of a key may see: everything, or for a key that is for some models those.</summary>
    public CatalogSnapshot SeenBy(KeyGrant? grant) => grant is not { IsForSome: true } ? this : new CatalogSnapshot(Version,
    [
        .. Backends.Select(view => view with
        {
            Models = [.. view.Models.Where(model => grant.Allows(model.Key))],
            Instances = [.. view.Instances.Where(instance => grant.Allows(instance.ModelKey))],
        }),
    ]);

    private static FrozenDictionary<string, ModelInstance[]> Group(IEnumerable<ModelInstance> instances, Func<ModelInstance, string> key) =>
        instances.GroupBy(key, StringComparer.Ordinal).ToFrozenDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);
}
