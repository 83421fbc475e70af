using LeanNats.JetStream.Models;

namespace LeanNats.ObjectStore;

/// <summary>What a bucket is.</summary>
public sealed record NatsObjConfig(string Bucket)
{
    /// <summary>What the bucket is for.</summary>
    public string? Description { get; init; }

    /// <summary>The oldest an object gets; null without a limit.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The most bytes; null without a limit.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>Where objects are kept.</summary>
    public StreamConfigStorage Storage { get; init; }

    /// <summary>On how many servers of a cluster.</summary>
    public int NumberOfReplicas { get; init; } = 1;

    /// <summary>True compresses the files, on servers from 2.10 on.</summary>
    public bool Compression { get; init; }

    /// <summary>Facts of the user; servers before 2.10 ignore them.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    internal StreamConfig ToStream() => new()
    {
        Name = ObjectNames.Stream(Bucket),
        Subjects = [$"$O.{Bucket}.C.>", $"$O.{Bucket}.M.>"],
        Description = Description,
        MaxAge = MaxAge,
        MaxBytes = MaxBytes,
        Storage = Storage,
        NumReplicas = NumberOfReplicas,
        Compression = Compression ? StreamConfigCompression.S2 : null,
        Metadata = Metadata,
        Discard = StreamConfigDiscard.New,
        AllowDirect = true,
        AllowRollupHdrs = true,
    };
}

/// <summary>What a bucket holds.</summary>
public sealed record NatsObjStatus(string Bucket, StreamInfo StreamInfo)
{
    /// <summary>The bytes of everything, chunks that wait for their deletion included.</summary>
    public ulong Size => StreamInfo.State.Bytes;

    /// <summary>True when nothing can be changed any more.</summary>
    public bool Sealed => StreamInfo.Config.Sealed;

    /// <summary>True when the files are compressed.</summary>
    public bool IsCompressed => StreamInfo.Config.Compression is StreamConfigCompression.S2;
}

/// <summary>How this client puts and gets objects.</summary>
public sealed record NatsObjOpts
{
    /// <summary>How long a put or get outlives a lost connection or a restart of the server without getting on.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many chunks of a put may wait for their acknowledgement.</summary>
    public int MaxInFlight { get; init; } = 8;

    /// <summary>How many bytes a get asks for ahead; at least two chunks.</summary>
    public int ReadAhead { get; init; } = 4 * 1024 * 1024;
}
