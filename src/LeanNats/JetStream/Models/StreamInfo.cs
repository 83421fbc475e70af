namespace LeanNats.JetStream.Models;

/// <summary>A stream's settings and what it holds.</summary>
public sealed record StreamInfo
{
    /// <summary>The settings, as the server completed them.</summary>
    public required StreamConfig Config { get; init; }

    /// <summary>When the stream was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>What it holds.</summary>
    public StreamState State { get; init; } = new();
}

/// <summary>What a stream holds.</summary>
public sealed record StreamState
{
    /// <summary>How many messages.</summary>
    public ulong Messages { get; init; }

    /// <summary>How many bytes, headers and bookkeeping included.</summary>
    public ulong Bytes { get; init; }

    /// <summary>The sequence of the oldest message.</summary>
    public ulong FirstSeq { get; init; }

    /// <summary>The sequence of the newest message, which may be gone.</summary>
    public ulong LastSeq { get; init; }

    /// <summary>The time of the oldest message.</summary>
    public DateTimeOffset FirstTs { get; init; }

    /// <summary>The time of the newest message.</summary>
    public DateTimeOffset LastTs { get; init; }

    /// <summary>How many consumers read it.</summary>
    public long ConsumerCount { get; init; }

    /// <summary>How many subjects have messages.</summary>
    public long NumSubjects { get; init; }

    /// <summary>The messages of each subject, when a filter asked for them.</summary>
    public IReadOnlyDictionary<string, ulong>? Subjects { get; init; }
}
