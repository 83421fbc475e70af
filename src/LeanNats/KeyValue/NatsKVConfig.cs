using LeanNats.JetStream.Models;

namespace LeanNats.KeyValue;

/// <summary>Settings of a bucket. What is null is left to the server.</summary>
public sealed record NatsKVConfig
{
    private const int MaxHistory = 64;
    private static readonly TimeSpan DuplicateWindow = TimeSpan.FromMinutes(2);

    /// <summary>The name: letters, digits, <c>-</c> and <c>_</c>.</summary>
    public required string Bucket { get; init; }

    /// <summary>What the bucket is for.</summary>
    public string? Description { get; init; }

    /// <summary>How many values of each key are kept, 1 to 64.</summary>
    public int History { get; init; } = 1;

    /// <summary>Values older than this go. Watchers learn of it only with <see cref="LimitMarkerTTL"/>.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The most bytes the bucket may take.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The most bytes of one value.</summary>
    public int? MaxValueSize { get; init; }

    /// <summary>Where values are kept.</summary>
    public StreamConfigStorage Storage { get; init; }

    /// <summary>On how many servers of a cluster.</summary>
    public int NumberOfReplicas { get; init; } = 1;

    /// <summary>True compresses files; servers before 2.10 ignore it.</summary>
    public bool Compression { get; init; }

    /// <summary>Facts of the user; servers before 2.10 ignore them.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// How long a marker stays behind a key that has expired, by which watchers learn of it; at least a second. It also allows times
    /// of single keys. Needs a server from 2.11 on.
    /// </summary>
    public TimeSpan? LimitMarkerTTL { get; init; }

    internal StreamConfig ToStream()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(History, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(History, MaxHistory);
        return new StreamConfig
        {
            Name = KeyNames.StreamOf(Bucket),
            Description = Description,
            Subjects = [KeyNames.SubjectOf(Bucket, ">")],
            MaxMsgsPerSubject = History,
            MaxBytes = MaxBytes,
            MaxMsgSize = MaxValueSize,
            MaxAge = MaxAge,
            DuplicateWindow = MaxAge < DuplicateWindow ? MaxAge : null,
            Discard = StreamConfigDiscard.New,
            Storage = Storage,
            NumReplicas = NumberOfReplicas,
            Compression = Compression ? StreamConfigCompression.S2 : null,
            Metadata = Metadata,
            AllowDirect = true,
            AllowRollupHdrs = true,
            DenyDelete = true,
            AllowMsgTtl = LimitMarkerTTL is null ? null : true,
            SubjectDeleteMarkerTtl = LimitMarkerTTL,
        };
    }
}
