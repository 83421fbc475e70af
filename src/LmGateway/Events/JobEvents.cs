using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>A long operation on a model, as its events name it.</summary>
/// <param name="Kind"><c>pull</c>, <c>delete</c>, <c>sync</c> or <c>publish</c>; it stands in the event's name.</param>
/// <param name="JobId">The job among all jobs.</param>
/// <param name="Model">The model as it was asked for.</param>
internal readonly record struct JobSubject(string Kind, string JobId, string Model)
{
    internal string Named(string state) => $"model.{Kind}.{state}";

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("jobId", JobId);
        json.WriteString("modelKey", Model);
    }
}

/// <summary><c>model_pull_start</c>, <c>model_delete_start</c> and so on.</summary>
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
        json.WriteString("operation", $"model_{Job.Kind}");
        Job.Write(json);
        json.WriteString("error", Error.Message);
        json.WriteString("code", EventWords.Of(Error.Code));
        json.WriteMilliseconds("totalTimeMs", Took);
    }
}
