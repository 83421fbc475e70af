using System.Text.Json;
using LmGateway.Events;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;

namespace LmGateway.Api.Nats;

/// <summary>Jobs and what they brought, as fields of <c>data</c>.</summary>
internal static class JobWriter
{
    /// <summary>Where the job's progress is published.</summary>
    public static string Subject(Job job) => $"lmstudio.jobs.{job.Id}";

    public static void WritePull(Utf8JsonWriter writer, Job job)
    {
        writer.WriteString("model", job.Model);
        writer.WriteString("output", job.Output);
        writer.WriteString("job_id", job.Id);
        if (job.Result is PullOutcome outcome)
        {
            writer.WriteString("backend", outcome.Backend);
            writer.WriteBoolean("was_there", outcome.WasThere);
        }
    }

    public static void WriteDeletion(Utf8JsonWriter writer, Job job)
    {
        writer.WriteString("model_id", job.Model);
        if (job.Result is not DeletionOutcome outcome) return;
        writer.WriteString("deleted_dir", outcome.Folder);
        writer.WriteTexts("deleted_files", outcome.Files);
        writer.WriteNumber("freed_bytes", outcome.FreedBytes);
        writer.WriteTexts("unloaded", outcome.Unloaded);
    }

    /// <summary>The result by its kind, with the job's id.</summary>
    public static void WriteResult(Utf8JsonWriter writer, Job job)
    {
        switch (job.Result)
        {
            case SyncOutcome outcome:
                writer.WriteString("local_path", outcome.LocalPath);
                writer.WriteTexts("files", outcome.Files);
                writer.WriteNumber("bytes", outcome.Bytes);
                writer.WriteNumber("resumed_bytes", outcome.Resumed);
                writer.WriteBoolean("was_there", outcome.WasThere);
                break;
            case PublishOutcome outcome:
                writer.WriteString("model", outcome.ModelKey);
                writer.WriteString("bucket", outcome.Bucket);
                writer.WriteTexts("objects", outcome.Objects);
                writer.WriteTexts("unchanged", outcome.Unchanged);
                writer.WriteNumber("bytes", outcome.Bytes);
                break;
            case PullOutcome outcome:
                writer.WriteString("backend", outcome.Backend);
                writer.WriteBoolean("was_there", outcome.WasThere);
                break;
            case DeletionOutcome:
                WriteDeletion(writer, job);
                break;
        }

        writer.WriteString("job_id", job.Id);
    }

    public static void WriteAll(Utf8JsonWriter writer, IReadOnlyList<Job> jobs)
    {
        writer.WriteStartArray("jobs");
        foreach (var job in jobs)
        {
            writer.WriteStartObject();
            Write(writer, job, withOutput: false);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>The state of a job; that it failed is told by <c>state</c> and <c>reason</c>.</summary>
    public static void Write(Utf8JsonWriter writer, Job job, bool withOutput)
    {
        writer.WriteString("job_id", job.Id);
        writer.WriteString("kind", job.Kind.ToString().ToLowerInvariant());
        writer.WriteString("model", job.Model);
        writer.WriteString("state", job.State.ToString().ToLowerInvariant());
        writer.WriteNumber("bytes", job.Bytes);
        if (job.Total is { } total) writer.WriteNumber("total_bytes", total);
        if (job.Percent is { } percent) writer.WriteNumber("percent", percent);
        if (job.Message is { } message) writer.WriteString("message", message);
        writer.WriteString("created", job.Created);
        if (job.Started is { } started) writer.WriteString("started", started);
        if (job.Ended is { } ended) writer.WriteString("ended", ended);
        if (withOutput && job.Output.Length > 0) writer.WriteString("output", job.Output);
        if (job.Error is { } error)
        {
            writer.WriteString("reason", error.Message);
            writer.WriteString("reason_code", NatsErrors.Code(error.Code));
        }

        if (!job.IsDone) return;
        writer.WriteStartObject("result");
        WriteResult(writer, job);
        writer.WriteEndObject();
    }
}
