using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Where an instance stands with the scheduler.</summary>
internal enum InstanceStanding
{
    /// <summary>Requests may enter.</summary>
    Open,
    /// <summary>Being unloaded, or waiting for its last request so that it can be.</summary>
    Closing,
    /// <summary>Not known to exist: one request has gone ahead to the backend's own loader.</summary>
    Leading,
    /// <summary>No longer seen, but requests still run on it. It may be seen again.</summary>
    Vanished,
    /// <summary>Unloaded; kept until a look that began afterwards, so that an older one cannot bring it back.</summary>
    Gone,
}

/// <summary>
/// A change that the gateway made or heard of. Looks at the backend that may have begun before it say nothing about what it changed.
/// </summary>
internal sealed class Change
{
    /// <summary>The first version of the catalog that knows of the change; the greatest number while that look is still awaited.</summary>
    public long Version { get; set; } = long.MaxValue;

    public static Change SeenAt(long version) => new() { Version = version };
}

/// <summary>What the run loop knows of one instance. Other threads read its names and use its gate.</summary>
internal sealed class TrackedInstance(InstanceId id, Gate gate)
{
    public InstanceId Id { get; } = id;

    public Gate Gate { get; } = gate;

    public InstanceStanding Standing { get; set; }

    /// <summary>The model's key, and the key it was ordered by where that is another one (a variant).</summary>
    public List<string> Keys { get; } = [];

    /// <summary>The queues that it serves; none once it is no longer offered.</summary>
    public List<ModelQueue> Models { get; } = [];

    /// <summary>Loaded by the gateway for requests, so that it may be evicted.</summary>
    public bool OnDemand { get; set; }

    /// <summary>Concluded from an answer, not seen in a list.</summary>
    public bool Presumed { get; set; }

    /// <summary>Snapshots before this change count for nothing.</summary>
    public Change Since { get; set; } = Change.SeenAt(0);

    /// <summary>Version of the last snapshot that lists it.</summary>
    public long LastSeen { get; set; }

    public Unload? Unload { get; set; }
}
