using System.Collections.Frozen;

namespace LmGateway.Scheduling;

/// <summary>
/// The instances that requests may enter by themselves: immutable, replaced by the run loop, read by everyone. An old table does no harm, because
/// the gates that it leads to are shut.
/// </summary>
internal sealed class InstanceTable
{
    private readonly FrozenDictionary<(string Backend, string ModelKey), TrackedInstance[]> byModel;
    private readonly FrozenDictionary<(string Backend, string Identifier), TrackedInstance> byIdentifier;

    public InstanceTable(IReadOnlyList<TrackedInstance> instances, long version)
    {
        Instances = instances;
        Version = version;
        byIdentifier = instances.ToFrozenDictionary(instance => (instance.Id.Backend, instance.Id.Identifier));
        byModel = instances.SelectMany(instance => instance.Keys, (instance, key) => (instance, key))
            .GroupBy(pair => (pair.instance.Id.Backend, pair.key), pair => pair.instance)
            .ToFrozenDictionary(group => group.Key, group => group.ToArray());
    }

    private InstanceTable(InstanceTable same, long version)
    {
        Instances = same.Instances;
        Version = version;
        byIdentifier = same.byIdentifier;
        byModel = same.byModel;
    }

    public static InstanceTable Empty { get; } = new([], 0);

    public IReadOnlyList<TrackedInstance> Instances { get; }

    /// <summary>The version of the catalog that the table takes into account.</summary>
    public long Version { get; }

    public InstanceTable At(long version) => new(this, version);

    /// <summary>An instance with a slot taken for the caller; null where only the run loop can decide.</summary>
    public TrackedInstance? TryEnter(ModelTarget target)
    {
        var instance = target.Identifier is null
            ? LeastBusy(byModel.GetValueOrDefault((target.Backend, target.ModelKey)))
            : byIdentifier.GetValueOrDefault((target.Backend, target.Identifier));
        return instance is not null && instance.Gate.TryEnter() ? instance : null;
    }

    private static TrackedInstance? LeastBusy(TrackedInstance[]? instances)
    {
        if (instances is null) return null;
        var best = instances[0];
        for (var i = 1; i < instances.Length; i++)
            if (instances[i].Gate.Running < best.Gate.Running) best = instances[i];
        return best;
    }
}
