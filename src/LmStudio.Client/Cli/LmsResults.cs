using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Cli;

/// <summary>Whether the HTTP server runs, and its port or the one it had last.</summary>
public sealed record LmsServerStatus(bool IsRunning, int? Port);

/// <summary>Whether LM Studio runs; a daemon is the headless one.</summary>
public sealed record LmsDaemonStatus(bool IsRunning, int? Pid, bool? IsDaemon, string? Version);

/// <summary>A loaded instance as <c>lms ps</c> tells it.</summary>
public sealed record LmsInstance : ModelInfo
{
    /// <summary>The name that requests address the instance by.</summary>
    public required string Identifier { get; init; }

    /// <summary>Idle time after which it is unloaded; null is never.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The context it was loaded with.</summary>
    public int? ContextLength { get; init; }

    /// <summary><c>idle</c>, <c>processingPrompt</c>, <c>generating</c> or <c>computingEmbedding</c>; a load under way may show as idle.</summary>
    public string? Status { get; init; }

    /// <summary>Requests that wait.</summary>
    public int Queued { get; init; }

    /// <summary>Requests that run at once; null for embedding models.</summary>
    public int? Parallel { get; init; }

    internal static new LmsInstance? TryRead(JsonElement json)
    {
        if (json.Text("type") is not { } type || json.Text("modelKey") is not { } key || json.Text("identifier") is not { } identifier) return null;
        return Fill(new LmsInstance { Type = type, ModelKey = key, Identifier = identifier }, json) with
        {
            TimeToLive = json.Number("ttlMs") is >= 0 and < 1e14 and var ttl ? TimeSpan.FromMilliseconds(ttl) : null,
            ContextLength = json.Int32("contextLength"),
            Status = json.Text("status"),
            Queued = json.Int32("queued") ?? 0,
            Parallel = json.Int32("parallel"),
        };
    }

    /// <summary>Whether this is a copy of the model with that key, a variant's key included.</summary>
    internal bool IsOf(string modelKey) =>
        ModelKey == modelKey || SelectedVariant == modelKey || modelKey.StartsWith(ModelKey + "@", StringComparison.Ordinal);
}

/// <summary>A load by <c>lms</c>, which knows only these settings.</summary>
public sealed record LmsLoad
{
    /// <summary>The model's full key.</summary>
    public required string ModelKey { get; init; }

    /// <summary>The instance's name; null lets LM Studio choose.</summary>
    public string? Identifier { get; init; }

    /// <summary>Share of the layers on the GPU.</summary>
    public OffloadRatio? GpuOffloadRatio { get; init; }

    /// <summary>Context length in tokens.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Requests that may run at once.</summary>
    public int? Parallel { get; init; }

    /// <summary>Idle time after which it is unloaded, in whole seconds.</summary>
    public TimeSpan? TimeToLive { get; init; }
}

/// <summary>How far a download is.</summary>
public sealed record LmsDownloadProgress(double Percent, long DownloadedBytes, long TotalBytes, long BytesPerSecond);

/// <summary>What <c>lms get</c> came to; in both cases the model is there.</summary>
public enum LmsDownloadOutcome
{
    /// <summary>It was downloaded now.</summary>
    Downloaded,

    /// <summary>It was there before.</summary>
    AlreadyDownloaded,
}

/// <summary>How <c>lms import</c> brings a file in. Moving is not offered: it asks, even when told not to.</summary>
public enum LmsImportMode
{
    /// <summary>A copy.</summary>
    Copy,

    /// <summary>A hard link; the same file system only.</summary>
    HardLink,

    /// <summary>A symbolic link; needs rights on Windows.</summary>
    SymbolicLink,
}
