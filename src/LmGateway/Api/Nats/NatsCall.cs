using System.Globalization;
using LeanNats;
using LeanNats.Services;
using LmGateway.Api.Http;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>One request as it came, and what its headers ask for. Headers are optional throughout.</summary>
internal sealed record NatsCall(CallContext Context, ReadOnlyMemory<byte> Body)
{
    public const string RequestIdHeader = "x-request-id";

    /// <summary>How long the caller waits, in milliseconds from when the request is taken.</summary>
    public const string DeadlineHeader = "x-deadline-ms";

    /// <summary><c>reference</c>: a reply that is too large for a message may be put into the object store.</summary>
    public const string LargeReplyHeader = "x-large-reply";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>How long the caller waits; null where it does not say.</summary>
    public TimeSpan? Patience { get; private init; }

    public bool TakesReference { get; private init; }

    /// <summary>What is wrong with the headers.</summary>
    public GatewayError? Fault { get; init; }

    /// <summary>The model, job or object that the request turned out to be about, for the audit file.</summary>
    public AuditSubject Subject { get; } = new();

    public static NatsCall Of(in NatsSvcMsg message, TimeProvider time)
    {
        var id = Header(message.Headers, RequestIdHeader);
        var deadline = Header(message.Headers, DeadlineHeader);
        var patience = Read(deadline);
        var context = new CallContext
        {
            RequestId = RequestId.IsUsable(id) ? id! : RequestId.Next(),
            Api = "nats",
            Caller = "nats",
            Reply = new CallReply(),
            Deadline = patience is { } wait ? time.GetUtcNow() + wait : null,
        };
        return new NatsCall(context, message.Data)
        {
            Patience = patience,
            TakesReference = string.Equals(Header(message.Headers, LargeReplyHeader), "reference", StringComparison.OrdinalIgnoreCase),
            Fault = message.Error is { } broken ? new GatewayError(ErrorCode.InvalidRequest, broken.Message)
                : deadline is not null && patience is null ? new GatewayError(ErrorCode.InvalidRequest, $"The header {DeadlineHeader} takes a whole number of milliseconds.") { Parameter = DeadlineHeader }
                : null,
        };
    }

    private static TimeSpan? Read(string? milliseconds) =>
        long.TryParse(milliseconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromMilliseconds(Math.Clamp(number, 0, (long)Longest.TotalMilliseconds))
            : null;

    /// <summary>NATS itself tells the case of header names apart; callers should not have to.</summary>
    public static string? Header(NatsHeaders? headers, string name)
    {
        foreach (var (key, values) in headers ?? [])
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase) && values.Count > 0) return values[^1];
        return null;
    }
}
