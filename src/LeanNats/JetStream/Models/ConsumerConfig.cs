using System.Text.Json;
using System.Text.Json.Serialization;

namespace LeanNats.JetStream.Models;

/// <summary>What a pull consumer is. What is null is left to the server; fields that this client does not know are sent back as they came.</summary>
public sealed record ConsumerConfig
{
    /// <summary>The name; one is made up when neither this nor <see cref="DurableName"/> is set.</summary>
    public string? Name { get; init; }

    /// <summary>The name of a consumer that stays when nobody uses it.</summary>
    public string? DurableName { get; init; }

    /// <summary>What the consumer is for.</summary>
    public string? Description { get; init; }

    /// <summary>Where it begins.</summary>
    public ConsumerConfigDeliverPolicy DeliverPolicy { get; init; }

    /// <summary>The first message for <see cref="ConsumerConfigDeliverPolicy.ByStartSequence"/>.</summary>
    public ulong? OptStartSeq { get; init; }

    /// <summary>The first moment for <see cref="ConsumerConfigDeliverPolicy.ByStartTime"/>.</summary>
    public DateTimeOffset? OptStartTime { get; init; }

    /// <summary>Whether messages are acknowledged.</summary>
    public ConsumerConfigAckPolicy AckPolicy { get; init; } = ConsumerConfigAckPolicy.Explicit;

    /// <summary>How long an acknowledgement may take before the message is delivered again; 30 s by default.</summary>
    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? AckWait { get; init; }

    /// <summary>How often a message is delivered at most; -1 without a limit.</summary>
    public long? MaxDeliver { get; init; }

    /// <summary>How many messages may wait for their acknowledgement; 1000 by default.</summary>
    public long? MaxAckPending { get; init; }

    /// <summary>How many pulls may wait; 512 by default.</summary>
    public long? MaxWaiting { get; init; }

    /// <summary>The subject it reads; all of the stream's without one.</summary>
    public string? FilterSubject { get; init; }

    /// <summary>Several subjects it reads; refused on servers before 2.10, which do not know them.</summary>
    public IReadOnlyList<string>? FilterSubjects { get; init; }

    /// <summary>True delivers headers alone, with the size of the payload in <c>Nats-Msg-Size</c>.</summary>
    public bool? HeadersOnly { get; init; }

    /// <summary>How long an unused consumer that is not durable stays; 5 s by default.</summary>
    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? InactiveThreshold { get; init; }

    /// <summary>On how many servers its state is kept.</summary>
    public int? NumReplicas { get; init; }

    /// <summary>True keeps its state in memory.</summary>
    public bool? MemStorage { get; init; }

    /// <summary>Facts of the user; servers before 2.10 ignore them.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>What else the server told.</summary>
    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>Where a consumer begins.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ConsumerConfigDeliverPolicy>))]
public enum ConsumerConfigDeliverPolicy
{
    /// <summary>With the oldest message.</summary>
    All,

    /// <summary>With the newest message.</summary>
    Last,

    /// <summary>With the messages that come from now on.</summary>
    New,

    /// <summary>At a sequence.</summary>
    ByStartSequence,

    /// <summary>At a moment.</summary>
    ByStartTime,

    /// <summary>With the newest message of each subject.</summary>
    LastPerSubject,
}

/// <summary>Whether messages are acknowledged.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ConsumerConfigAckPolicy>))]
public enum ConsumerConfigAckPolicy
{
    /// <summary>They are not.</summary>
    None,

    /// <summary>One stands for all before it.</summary>
    All,

    /// <summary>Each by itself.</summary>
    Explicit,
}
