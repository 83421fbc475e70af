namespace LmGateway.Scheduling;

/// <summary>Everything about one model on one backend: who waits for it, its instances, the load under way. Owned by the run loop.</summary>
internal sealed class ModelQueue(string backend, string modelKey)
{
    public string Backend { get; } = backend;

    public string ModelKey { get; } = modelKey;

    /// <summary>In the order in which they came.</summary>
    public LinkedList<Waiter> Waiting { get; } = [];

    /// <summary>What is loaded, being unloaded, or being loaded by the backend itself.</summary>
    public List<TrackedInstance> Instances { get; } = [];

    /// <summary>The one load under way.</summary>
    public Load? Load { get; set; }

    /// <summary>Loads asked for by hand that start when the one under way has ended.</summary>
    public List<Load> Pending { get; } = [];

    /// <summary>Instances that appear in a snapshot before this change may be the doing of a load that has just ended.</summary>
    public Change Since { get; set; } = Change.SeenAt(0);

    public bool IsEmpty => Waiting.Count == 0 && Instances.Count == 0 && Load is null && Pending.Count == 0;

    public bool HasOpen => Instances.Exists(instance => instance.Standing == InstanceStanding.Open);

    public TrackedInstance? Find(string identifier) => Instances.Find(instance => instance.Id.Identifier == identifier);

    /// <summary>The open instance with the fewest running requests, if it has a free slot.</summary>
    public TrackedInstance? LeastBusy()
    {
        TrackedInstance? best = null;
        foreach (var instance in Instances)
        {
            if (instance.Standing != InstanceStanding.Open || instance.Gate.Running >= instance.Gate.Limit) continue;
            if (best is null || instance.Gate.Running < best.Gate.Running) best = instance;
        }

        return best;
    }
}
