namespace LeanNats.JetStream.Models;

/// <summary>Which messages go. Without anything set all do.</summary>
public sealed record StreamPurgeRequest
{
    /// <summary>Only those of this subject, which may hold wildcards.</summary>
    public string? Filter { get; init; }

    /// <summary>Only those before this sequence.</summary>
    public ulong? Seq { get; init; }

    /// <summary>All but so many of the newest.</summary>
    public ulong? Keep { get; init; }
}

/// <summary>Which message is asked for: by its number, the last of a subject, or the next of a subject from a number on.</summary>
public sealed record StreamMsgGetRequest
{
    /// <summary>The number, or where to begin with <see cref="NextBySubj"/>.</summary>
    public ulong? Seq { get; init; }

    /// <summary>The subject whose last message is asked for.</summary>
    public string? LastBySubj { get; init; }

    /// <summary>The subject whose next message is asked for.</summary>
    public string? NextBySubj { get; init; }
}

/// <summary>A message as a stream keeps it.</summary>
public sealed record StoredMessage
{
    /// <summary>The subject it was published on.</summary>
    public required string Subject { get; init; }

    /// <summary>Its number in the stream.</summary>
    public ulong Seq { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The headers; null without any.</summary>
    public NatsHeaders? Headers { get; init; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }
}
