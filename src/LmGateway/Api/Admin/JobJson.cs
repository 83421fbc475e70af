using System.Globalization;
using System.Text.Json;
using LmGateway.Events;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;

namespace LmGateway.Api.Admin;

/// <summary>A job as the admin API shows it.</summary>
internal static class JobJson
{
    public static void Write(Utf8JsonWriter writer, Job job)
    {
        writer.WriteStartObject();
        writer.WriteString("id", job.Id);
        writer.WriteString("kind", Name(job.Kind));
        writer.WriteString("model", job.Model);
        writer.WriteString("state", Name(job.State));
        writer.WriteNumber("bytes", job.Bytes);
        if (job.Total is { } total) writer.WriteNumber("total", total);
        if (job.Percent is { } percent) writer.WriteNumber("percent", percent);
        if (job.Message is { } message) writer.WriteString("message", message);
        WriteTime(writer, "created", job.Created);
        WriteTime(writer, "started", job.Started);
        WriteTime(writer, "ended", job.Ended);
        if (job.Error is { } error) writer.WriteString("error", error.Message);
        if (job.Output.Length > 0) writer.WriteString("output", job.Output);
        if (job.Result is { } result) WriteResult(writer, result);
        writer.WriteEndObject();
    }

    public static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static void WriteResult(Utf8JsonWriter writer, JobResult result)
    {
        writer.WriteStartObject("result");
        switch (result)
        {
            case PullOutcome pull:
                writer.WriteString("backend", pull.Backend);
                writer.WriteBoolean("wasThere", pull.WasThere);
                break;
            case DeletionOutcome deletion: WriteDeletion(writer, deletion); break;
            case SyncOutcome sync:
                writer.WriteString("localPath", sync.LocalPath);
                writer.WriteList("files", sync.Files);
                writer.WriteNumber("size", sync.Bytes);
                writer.WriteNumber("resumed", sync.Resumed);
                writer.WriteBoolean("wasThere", sync.WasThere);
                break;
            case PublishOutcome publish:
                writer.WriteString("modelKey", publish.ModelKey);
                writer.WriteString("bucket", publish.Bucket);
                writer.WriteList("objects", publish.Objects);
                writer.WriteNumber("size", publish.Bytes);
                writer.WriteList("unchanged", publish.Unchanged);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>The members of a deletion, into an object that is open.</summary>
    public static void WriteDeletion(Utf8JsonWriter writer, DeletionOutcome deletion)
    {
        writer.WriteString("modelKey", deletion.ModelKey);
        writer.WriteString("deletedDir", deletion.Folder);
        writer.WriteList("files", deletion.Files);
        writer.WriteNumber("freedBytes", deletion.FreedBytes);
        writer.WriteList("unloaded", deletion.Unloaded);
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } at) writer.WriteString(name, at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }
}
