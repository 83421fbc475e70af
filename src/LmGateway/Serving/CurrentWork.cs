using LmGateway.Observability;
using LmGateway.Scheduling;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>What the service as a whole is doing.</summary>
internal enum ServiceState
{
    Idle,
    LoadingModel,
    ProcessingInference,
    /// <summary>Nothing is under way, and what was done last failed.</summary>
    Error,
}

/// <summary>The one thing that a person who looks wants to know of first.</summary>
/// <param name="Type"><c>model_load</c> or <c>inference</c>.</param>
/// <param name="ModelKey">The model it is about.</param>
/// <param name="Progress">From 0 to 1; null where nobody knows.</param>
/// <param name="StartedAt">When it began.</param>
internal sealed record OperationUnderWay(string Type, string ModelKey, double? Progress, DateTimeOffset StartedAt);

/// <summary>Answers what the service is doing now, for every API that shows it: a picture that may be a moment old.</summary>
internal sealed class CurrentWork(Scheduler scheduler, RequestJournal journal, OperationRecord operations, ActiveModelState active, TimeProvider time)
{
    public ActiveModel? ActiveModel => active.Current;

    /// <summary>Who waits, what runs, what loads.</summary>
    public SchedulerState Queues() => scheduler.View();

    public OperationUnderWay? Operation()
    {
        if (scheduler.View().Loads is [var load, ..]) return new OperationUnderWay("model_load", load.ModelKey, load.Progress, time.GetUtcNow() - load.Took);
        return journal.Active > 0 && journal.All().FirstOrDefault(trace => !trace.HasEnded) is { } running
            ? new OperationUnderWay("inference", running.ModelKey ?? running.AskedModel, null, running.StartedAt)
            : null;
    }

    public ServiceState State(OperationUnderWay? underWay) => underWay switch
    {
        { Type: "model_load" } => ServiceState.LoadingModel,
        not null => ServiceState.ProcessingInference,
        null => operations.LastFailed ? ServiceState.Error : ServiceState.Idle,
    };

    /// <summary>How far a request has come, in a word: <c>queued</c>, <c>loading</c>, <c>processing</c>, <c>streaming</c>, <c>done</c>, <c>failed</c>, <c>cancelled</c>.</summary>
    public static string WordFor(RequestTrace trace, SchedulerState queues) => trace.State switch
    {
        RequestState.Waiting => queues.Loads.Any(load => load.Backend == trace.Backend && load.ModelKey == trace.ModelKey) ? "loading" : "queued",
        RequestState.Sent => "processing",
        RequestState.Streaming => "streaming",
        RequestState.Done => "done",
        RequestState.Failed => "failed",
        _ => "cancelled",
    };
}
