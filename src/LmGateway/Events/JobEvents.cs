using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>Work on model files that takes its time.</summary>
internal enum JobKind
{
    Pull,
    Delete,
    Sync,
}

/// <summary>A job as its events name it.</summary>
/// <param name="Kind">What is done; it stands in the event's name.</param>
/// <param name="JobId">The job among all jobs.</param>
/// <param name="Model">The model as it was asked for.</param>
/// <param name="Backend">Where it is done.</param>
internal readonly record struct JobSubject(JobKind Kind, string JobId, string Model, string Backend)
{
    internal string Named(string state) => Kind switch
    {
        JobKind.Pull => "model.pull.",
        JobKind.Delete => "model.delete.",
        _ => "model.sync.",
    } + state;

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("jobId", JobId);
        json.WriteString("modelKey", Model);
        json.WriteString("backend", Backend);
    }
}

/// <summary><c>model_pull_start</c>, <c>model_delete_start</c>, <c>model_sync_start</c>.</summary>
internal sealed record JobStarted(JobSubject Job) : GatewayEvent(Job.Named("start"))
{
    public override void WriteMembers(Utf8JsonWriter json) => Job.Write(json);
}

/// <summary>How far a job is. What is null is not known.</summary>
internal sealed record JobProgressed(JobSubject Job) : GatewayEvent(Job.Named("progress"))
{
    /// <summary>From 0 to 1.</summary>
    public double? Fraction { get; init; }
    public long? DoneBytes { get; init; }
    public long? TotalBytes { get; init; }
    public double? BytesPerSecond { get; init; }

    /// <summary>What is being done now, in a few words.</summary>
    public string? Step { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Job.Write(json);
        if (Fraction is { } fraction)
        {
            json.WriteNumber("progress", Math.Round(fraction * 100, 1));
            json.WriteNumber("progressRaw", fraction);
        }

        json.WriteKnown("downloadedBytes", DoneBytes);
        json.WriteKnown("totalBytes", TotalBytes);
        json.WriteKnown("bytesPerSecond", BytesPerSecond);
        json.WriteKnown("step", Step);
    }
}

internal sealed record JobCompleted(JobSubject Job, TimeSpan Took) : GatewayEvent(Job.Named("complete"))
{
    public long? TotalBytes { get; init; }

    public override void WriteMembers(Utf8JsonWriter json)
    {
        Job.Write(json);
        json.WriteKnown("totalBytes", TotalBytes);
        json.WriteMilliseconds("totalTimeMs", Took);
    }
}

/// <summary>A job failed, or was cancelled.</summary>
internal sealed record JobFailed(JobSubject Job, GatewayError Error, TimeSpan Took)
    : GatewayEvent(Job.Named(Error.Code == ErrorCode.Cancelled ? "cancelled" : "failed"))
{
    public override string Name => Error.Code == ErrorCode.Cancelled ? base.Name : "error";

    public override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("operation", Job.Kind switch { JobKind.Pull => "model_pull", JobKind.Delete => "model_delete", _ => "model_sync" });
        Job.Write(json);
        json.WriteString("error", Error.Message);
        json.WriteString("code", EventWords.Of(Error.Code));
        json.WriteMilliseconds("totalTimeMs", Took);
    }
}
