using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>A slot on an instance, held until it is disposed of.</summary>
internal sealed class Lease : IDisposable
{
    private readonly Scheduler scheduler;
    private readonly TrackedInstance instance;
    private int answered;
    private int disposed;

    public Lease(Scheduler scheduler, TrackedInstance instance)
    {
        this.scheduler = scheduler;
        this.instance = instance;
    }

    public InstanceId Instance => instance.Id;

    /// <summary>What an inference call addresses.</summary>
    public string Identifier => instance.Id.Identifier;

    /// <summary>The model is not known to be loaded; the backend loads it for this request, and others wait for <see cref="Answered"/>.</summary>
    public bool JustInTime { get; init; }

    /// <summary>The request waited for a load.</summary>
    public bool LoadedForThis { get; init; }

    /// <summary>Time in the queue, without the load.</summary>
    public TimeSpan QueueTime { get; init; }

    /// <summary>The part of the wait that was a load.</summary>
    public TimeSpan LoadTime { get; init; }

    /// <summary>The backend began to answer. Says to those who wait behind a just-in-time request that the model is there; otherwise nothing.</summary>
    public void Answered()
    {
        if (JustInTime && Interlocked.Exchange(ref answered, 1) == 0) scheduler.Post(new Answered(instance));
    }

    /// <summary>
    /// The backend says that the instance is not there. From here on it takes no requests until the backend has been looked at, and whoever asks for the
    /// model next waits for that look.
    /// </summary>
    public void Missing()
    {
        instance.Gate.Close();
        scheduler.Post(new Missed(instance));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) scheduler.Leave(instance);
    }
}
