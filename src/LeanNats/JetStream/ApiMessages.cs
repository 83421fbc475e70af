using System.Text.Json.Serialization;
using LeanNats.JetStream.Models;

namespace LeanNats.JetStream;

/// <summary>What every answer of the API can be: an error.</summary>
internal record ApiResponse
{
    public ApiError? Error { get; init; }
}

internal sealed record AccountInfoResponse : ApiResponse
{
    public ulong Memory { get; init; }

    public ulong Storage { get; init; }

    public long Streams { get; init; }

    public long Consumers { get; init; }

    public string? Domain { get; init; }

    public AccountLimits? Limits { get; init; }

    public ApiStats? Api { get; init; }

    public AccountInfo ToInfo() => new()
    {
        Memory = Memory, Storage = Storage, Streams = Streams, Consumers = Consumers, Domain = Domain,
        Limits = Limits ?? new AccountLimits(), Api = Api ?? new ApiStats(),
    };
}

internal sealed record StreamInfoRequest(string? SubjectsFilter, long Offset);

internal sealed record StreamInfoResponse : ApiResponse
{
    public StreamConfig? Config { get; init; }

    public DateTimeOffset Created { get; init; }

    public StreamState? State { get; init; }

    /// <summary>How many subjects match, of which one answer holds a part.</summary>
    public long Total { get; init; }

    public StreamInfo ToInfo() => new()
    {
        Config = Config ?? throw new NatsJSException("The server's answer holds no stream."), Created = Created, State = State ?? new StreamState(),
    };
}

internal sealed record ListRequest(long Offset, string? Subject = null);

internal sealed record StreamListResponse : ApiResponse
{
    public IReadOnlyList<StreamInfo>? Streams { get; init; }

    public long Total { get; init; }
}

internal sealed record StreamNamesResponse : ApiResponse
{
    public IReadOnlyList<string>? Streams { get; init; }

    public long Total { get; init; }
}

internal sealed record ConsumerListResponse : ApiResponse
{
    public IReadOnlyList<ConsumerInfo>? Consumers { get; init; }

    public long Total { get; init; }
}

internal sealed record SuccessResponse : ApiResponse
{
    public bool Success { get; init; }

    public ulong Purged { get; init; }
}

internal sealed record StreamMsgDeleteRequest(ulong Seq, bool? NoErase);

internal sealed record StreamMsgGetResponse : ApiResponse
{
    public RawMessage? Message { get; init; }
}

internal sealed record RawMessage
{
    public string Subject { get; init; } = "";

    public ulong Seq { get; init; }

    public byte[]? Hdrs { get; init; }

    public byte[]? Data { get; init; }

    public DateTimeOffset Time { get; init; }
}

internal sealed record ConsumerCreateRequest(string StreamName, ConsumerConfig Config, string? Action);

internal sealed record ConsumerInfoResponse : ApiResponse
{
    public string StreamName { get; init; } = "";

    public string? Name { get; init; }

    public DateTimeOffset Created { get; init; }

    public ConsumerConfig? Config { get; init; }

    public SequenceInfo? Delivered { get; init; }

    public SequenceInfo? AckFloor { get; init; }

    public long NumAckPending { get; init; }

    public long NumRedelivered { get; init; }

    public long NumWaiting { get; init; }

    public ulong NumPending { get; init; }

    public ConsumerInfo ToInfo() => new()
    {
        StreamName = StreamName,
        Name = Name ?? throw new NatsJSException("The server's answer holds no consumer."),
        Created = Created,
        Config = Config ?? new ConsumerConfig(),
        Delivered = Delivered ?? new SequenceInfo(),
        AckFloor = AckFloor ?? new SequenceInfo(),
        NumAckPending = NumAckPending, NumRedelivered = NumRedelivered, NumWaiting = NumWaiting, NumPending = NumPending,
    };
}

/// <summary>Asks a consumer for messages.</summary>
internal sealed record PullRequest
{
    public int Batch { get; init; }

    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? Expires { get; init; }

    [JsonConverter(typeof(NanosecondsConverter))]
    public TimeSpan? IdleHeartbeat { get; init; }

    public bool? NoWait { get; init; }
}

internal sealed record NakRequest([property: JsonConverter(typeof(NanosecondsConverter))] TimeSpan? Delay);

internal sealed record PubAckResponse : ApiResponse
{
    public string? Stream { get; init; }

    public ulong Seq { get; init; }

    public bool Duplicate { get; init; }

    public string? Domain { get; init; }
}
