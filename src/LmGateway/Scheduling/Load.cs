using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>
/// One load, from the first attempt to the last, with everybody who ordered it by hand. Requests that merely wait for the model stand in its queue.
/// The run loop owns it; progress may come from any thread.
/// </summary>
internal sealed class Load(IBackend backend, LoadOrder order, ModelQueue model, bool onDemand) : IProgress<double>
{
    private LoadCaller[] callers = [];
    private double progress;

    public IBackend Backend { get; } = backend;

    public LoadOrder Order { get; } = order;

    public ModelQueue Model { get; } = model;

    /// <summary>Begun for requests that wait, not by hand.</summary>
    public bool OnDemand { get; } = onDemand;

    /// <summary>Timestamp of the first attempt.</summary>
    public long StartedAt { get; set; }

    /// <summary>Nobody wants it any more; it ends as soon as the backend lets it.</summary>
    public bool Abandoned { get; set; }

    /// <summary>An attempt runs in the backend; false while room is being made for the next one.</summary>
    public bool Running { get; set; }

    /// <summary>The last refusal for want of memory.</summary>
    public GatewayError? Refusal { get; set; }

    /// <summary>Instances that could not be evicted for this load.</summary>
    public HashSet<TrackedInstance> Kept { get; } = [];

    public IReadOnlyList<LoadCaller> Callers => Volatile.Read(ref callers);

    /// <summary>From 0 to 1, as the backend tells it.</summary>
    public double Progress => Volatile.Read(ref progress);

    public void Add(LoadCaller caller)
    {
        caller.Load = this;
        Volatile.Write(ref callers, [.. callers, caller]);
    }

    public void Remove(LoadCaller caller) => Volatile.Write(ref callers, [.. callers.Where(one => one != caller)]);

    public void Report(double value)
    {
        Volatile.Write(ref progress, value);
        foreach (var caller in Volatile.Read(ref callers)) caller.Progress?.Report(value);
    }

    /// <summary>Whether two orders ask for the same thing.</summary>
    public bool Fulfils(LoadOrder other) =>
        WithoutLists(Order) == WithoutLists(other)
        && (Order.Settings.DisabledGpus ?? []).SequenceEqual(other.Settings.DisabledGpus ?? []);

    private static LoadOrder WithoutLists(LoadOrder order) => order with { Settings = order.Settings with { DisabledGpus = null } };
}

/// <summary>The unload of one instance, for callers or to make room for a load. Owned by the run loop.</summary>
internal sealed class Unload(IBackend backend, TrackedInstance instance)
{
    public IBackend Backend { get; } = backend;

    public TrackedInstance Instance { get; } = instance;

    public List<UnloadCaller> Callers { get; } = [];

    /// <summary>The load that the instance makes room for.</summary>
    public Load? For { get; init; }

    /// <summary>The backend has been asked; there is no way back.</summary>
    public bool Started { get; set; }
}
