using System.Text.Json;
using System.Text.Json.Serialization;

namespace LeanNats.JetStream.Models;

/// <summary>What a stream is. What is null is left to the server; fields that this client does not know are sent back as they came.</summary>
public sealed record StreamConfig
{
    /// <summary>The stream's name.</summary>
    public required string Name { get; init; }

    /// <summary>What the stream is for.</summary>
    public string? Description { get; init; }

    /// <summary>The subjects whose messages it keeps; wildcards are allowed.</summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>When messages go.</summary>
    public StreamConfigRetention Retention { get; init; }

    /// <summary>The most messages; -1 without a limit.</summary>
    public long? MaxMsgs { get; init; }

    /// <summary>The most bytes; -1 without a limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The oldest a message gets; zero without a limit.</summary>
    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The most messages of one subject; -1 without a limit.</summary>
    public long? MaxMsgsPerSubject { get; init; }

    /// <summary>The largest message; -1 without a limit.</summary>
    public int? MaxMsgSize { get; init; }

    /// <summary>What goes when a limit is reached.</summary>
    public StreamConfigDiscard Discard { get; init; }

    /// <summary>Where messages are kept.</summary>
    public StreamConfigStorage Storage { get; init; }

    /// <summary>On how many servers of a cluster.</summary>
    public int NumReplicas { get; init; } = 1;

    /// <summary>How long message ids are remembered; 2 minutes by default, never longer than <see cref="MaxAge"/>.</summary>
    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? DuplicateWindow { get; init; }

    /// <summary>True lets every replica answer reads.</summary>
    public bool AllowDirect { get; init; }

    /// <summary>True lets a publisher replace all messages of a subject by its own.</summary>
    [JsonPropertyName("allow_rollup_hdrs")]
    public bool AllowRollupHdrs { get; init; }

    /// <summary>True refuses to delete single messages.</summary>
    public bool DenyDelete { get; init; }

    /// <summary>True refuses to purge.</summary>
    public bool DenyPurge { get; init; }

    /// <summary>True takes nothing new and lets nothing go; it cannot be undone.</summary>
    public bool Sealed { get; init; }

    /// <summary>True lets single messages have a time after which they go; servers before 2.11 ignore it.</summary>
    public bool? AllowMsgTtl { get; init; }

    /// <summary>How long a marker stays in the place of a message that went by its age; servers before 2.11 ignore it.</summary>
    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? SubjectDeleteMarkerTtl { get; init; }

    /// <summary>How files are compressed; servers before 2.10 ignore it.</summary>
    public StreamConfigCompression? Compression { get; init; }

    /// <summary>Facts of the user; servers before 2.10 ignore them.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>What else the server told.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>When a stream lets messages go.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StreamConfigRetention>))]
public enum StreamConfigRetention
{
    /// <summary>When a limit is reached.</summary>
    Limits,

    /// <summary>When every consumer has acknowledged them.</summary>
    Interest,

    /// <summary>When one consumer has acknowledged them.</summary>
    Workqueue,
}

/// <summary>Where a stream keeps messages.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StreamConfigStorage>))]
public enum StreamConfigStorage
{
    /// <summary>In files.</summary>
    File,

    /// <summary>In memory; a restart of the server loses them.</summary>
    Memory,
}

/// <summary>What a full stream gives up.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StreamConfigDiscard>))]
public enum StreamConfigDiscard
{
    /// <summary>The oldest messages.</summary>
    Old,

    /// <summary>New messages: they are refused.</summary>
    New,
}

/// <summary>How files are compressed.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<StreamConfigCompression>))]
public enum StreamConfigCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>With S2.</summary>
    S2,
}
