using LmGateway.Vocabulary;

namespace LmGateway.Scheduling;

/// <summary>What the scheduler is doing, for people: a picture that may be a moment old.</summary>
internal sealed record SchedulerState
{
    /// <summary>Models that requests wait for.</summary>
    public IReadOnlyList<WaitingModel> Waiting { get; init; } = [];

    /// <summary>Instances that requests may run on.</summary>
    public IReadOnlyList<RunningInstance> Instances { get; init; } = [];

    public IReadOnlyList<LoadUnderWay> Loads { get; init; } = [];

    public bool Draining { get; init; }
}

internal sealed record WaitingModel(string Backend, string ModelKey, int Requests);

/// <param name="Id">The instance.</param>
/// <param name="Running">Requests inside now.</param>
/// <param name="Parallel">Requests that may be inside.</param>
/// <param name="OnDemand">Loaded by the gateway for requests, so that it may be evicted.</param>
internal sealed record RunningInstance(InstanceId Id, int Running, int Parallel, bool OnDemand);

/// <param name="Backend">Where it is loaded.</param>
/// <param name="ModelKey">What is loaded.</param>
/// <param name="OnDemand">For requests that wait, not by hand.</param>
/// <param name="Progress">From 0 to 1, as far as the backend tells.</param>
internal sealed record LoadUnderWay(string Backend, string ModelKey, bool OnDemand, double Progress)
{
    /// <summary>Since it began.</summary>
    public TimeSpan Took { get; init; }
}
