using System.Globalization;
using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Rest;

/// <summary>A download that LM Studio carries out by itself.</summary>
public sealed record RestDownload
{
    /// <summary><c>downloading</c>, <c>paused</c>, <c>completed</c>, <c>failed</c> or <c>already_downloaded</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What to ask the status with; null when there was nothing to download.</summary>
    public string? JobId { get; init; }

    /// <summary>Size of the download.</summary>
    public long? TotalSizeBytes { get; init; }

    /// <summary>What is there already.</summary>
    public long? DownloadedBytes { get; init; }

    /// <summary>Speed, while it downloads.</summary>
    public double? BytesPerSecond { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was done.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Whether nothing more will happen.</summary>
    public bool IsOver => Status is "completed" or "failed" or "already_downloaded";

    internal static RestDownload? TryRead(JsonElement json) => json.Text("status") is not { } status ? null : new()
    {
        Status = status,
        JobId = json.Text("job_id"),
        TotalSizeBytes = json.Int64("total_size_bytes"),
        DownloadedBytes = json.Int64("downloaded_bytes"),
        BytesPerSecond = json.Number("bytes_per_second"),
        StartedAt = Time(json.Text("started_at")),
        CompletedAt = Time(json.Text("completed_at")),
    };

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
