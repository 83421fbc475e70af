using LmGateway.Vocabulary;

namespace LmGateway.Serving.Jobs;

internal enum JobKind
{
    Pull,
    Delete,
    Sync,
    Publish,
}

internal enum JobState
{
    /// <summary>As many jobs run as may run at a time.</summary>
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>What a job has brought, by its kind.</summary>
internal abstract record JobResult;

/// <summary>One long operation on a model as it stands now. Each change makes a new one with a higher <see cref="Revision"/>.</summary>
internal sealed record Job
{
    public required string Id { get; init; }
    public required JobKind Kind { get; init; }

    /// <summary>The model as the caller named it.</summary>
    public required string Model { get; init; }

    public JobState State { get; init; }

    /// <summary>Bytes done so far.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes in all; null while that is not known.</summary>
    public long? Total { get; init; }

    /// <summary>What it is doing, in a few words for people.</summary>
    public string? Message { get; init; }

    public required DateTimeOffset Created { get; init; }
    public DateTimeOffset? Started { get; init; }
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Why it failed or was cancelled.</summary>
    public GatewayError? Error { get; init; }

    /// <summary>What the program that did the work printed, line by line; grows while the job runs.</summary>
    public string Output { get; init; } = "";

    /// <summary>What it brought, once it is <see cref="JobState.Done"/>.</summary>
    public JobResult? Result { get; init; }

    /// <summary>Grows with every change of any job.</summary>
    public long Revision { get; init; }

    /// <summary>0 to 100; null while the size is not known.</summary>
    public double? Percent => IsDone ? 100 : Total is > 0 and var total ? Math.Clamp(Math.Round(100.0 * Bytes / total, 1), 0, 100) : null;

    public bool IsOver => State is JobState.Done or JobState.Failed or JobState.Cancelled;

    public bool IsDone => State is JobState.Done;

    /// <summary>The job itself where it is done; otherwise throws what ended it.</summary>
    public Job OrThrow() => Error is null ? this : throw new GatewayException(Error);
}

/// <summary>A job to start.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Model">The model as the caller named it.</param>
/// <param name="Key">Jobs with the same key are one: the second caller gets the job that the first one started.</param>
internal sealed record JobOrder(JobKind Kind, string Model, string Key)
{
    /// <summary>Tells apart jobs that need the same thing but do not mean the same; such a second one is refused.</summary>
    public string Source { get; init; } = "";
}
