namespace LeanNats.JetStream.Models;

/// <summary>A consumer's settings and how far it is.</summary>
public sealed record ConsumerInfo
{
    /// <summary>The stream it reads.</summary>
    public string StreamName { get; init; } = "";

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The settings, as the server completed them.</summary>
    public required ConsumerConfig Config { get; init; }

    /// <summary>The last message that was delivered.</summary>
    public SequenceInfo Delivered { get; init; } = new();

    /// <summary>Every message up to this one is acknowledged.</summary>
    public SequenceInfo AckFloor { get; init; } = new();

    /// <summary>How many delivered messages wait for their acknowledgement.</summary>
    public long NumAckPending { get; init; }

    /// <summary>How many messages were delivered again and wait for their acknowledgement.</summary>
    public long NumRedelivered { get; init; }

    /// <summary>How many pulls wait.</summary>
    public long NumWaiting { get; init; }

    /// <summary>How many messages are not delivered yet.</summary>
    public ulong NumPending { get; init; }
}

/// <summary>A message's number in its consumer and in its stream.</summary>
public sealed record SequenceInfo
{
    /// <summary>The number among what the consumer delivered.</summary>
    public ulong ConsumerSeq { get; init; }

    /// <summary>The number in the stream.</summary>
    public ulong StreamSeq { get; init; }
}
