using LmGateway.Backends;
using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>Someone who waits for the run loop, which alone answers, and once.</summary>
internal abstract class Caller
{
    public abstract void Refuse(GatewayError error);

    /// <summary>Ends the wait of a caller whose token asked for it.</summary>
    public abstract void Dismiss();
}

internal abstract class Caller<T>(CancellationToken leaving) : Caller
{
    private readonly TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Answer => answer.Task;

    public bool TryAnswer(T value) => answer.TrySetResult(value);

    public override void Refuse(GatewayError error) => answer.TrySetException(new GatewayException(error));

    public override void Dismiss() => answer.TrySetCanceled(leaving);
}

/// <summary>A request that waits for a slot on an instance.</summary>
internal sealed class Waiter(ModelTarget target, long askedAt, CancellationToken leaving) : Caller<Lease>(leaving)
{
    public ModelTarget Target { get; } = target;

    /// <summary>Timestamp of its arrival.</summary>
    public long AskedAt { get; } = askedAt;

    /// <summary>The one instance that will do; null for any.</summary>
    public string? Pin { get; set; } = target.Identifier;

    /// <summary>How much of the wait, in timestamp units, was a load; null where none was waited for.</summary>
    public long? LoadTime { get; set; }

    /// <summary>Its place in the queue; null when it does not wait.</summary>
    public LinkedListNode<Waiter>? Place { get; set; }
}

/// <summary>Someone who ordered a load by hand.</summary>
internal sealed class LoadCaller(IBackend backend, LoadOrder order, IProgress<double>? progress, CancellationToken leaving) : Caller<LoadResult>(leaving)
{
    public IBackend Backend { get; } = backend;

    public LoadOrder Order { get; } = order;

    public IProgress<double>? Progress { get; } = progress;

    public Load? Load { get; set; }
}

/// <summary>Someone who wants an instance unloaded.</summary>
internal sealed class UnloadCaller(InstanceId instance, bool force, CancellationToken leaving) : Caller<InstanceId>(leaving)
{
    public InstanceId Instance { get; } = instance;

    /// <summary>Do not wait for running requests.</summary>
    public bool Force { get; } = force;

    public Unload? Unload { get; set; }
}
