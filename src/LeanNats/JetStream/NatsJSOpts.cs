namespace LeanNats.JetStream;

/// <summary>Settings of a <see cref="NatsJSContext"/>.</summary>
public sealed record NatsJSOpts
{
    /// <summary>The beginning of every API subject.</summary>
    public string Prefix { get; init; } = "$JS.API";

    /// <summary>The JetStream domain to talk to; it takes the place of <see cref="Prefix"/>.</summary>
    public string? Domain { get; init; }

    /// <summary>How long an API request and an acknowledgement may take; the connection's own by default.</summary>
    public TimeSpan? RequestTimeout { get; init; }
}

/// <summary>Settings of one publish.</summary>
public sealed record NatsJSPubOpts
{
    /// <summary>The message's id: within the stream's duplicate window a second message of that id is not stored.</summary>
    public string? MsgId { get; init; }

    /// <summary>The stream that must take it.</summary>
    public string? ExpectedStream { get; init; }

    /// <summary>The id that the stream's last message must have.</summary>
    public string? ExpectedLastMsgId { get; init; }

    /// <summary>The number that the stream's last message must have.</summary>
    public ulong? ExpectedLastSequence { get; init; }

    /// <summary>The number that the last message of the same subject must have; 0 when there must be none.</summary>
    public ulong? ExpectedLastSubjectSequence { get; init; }

    /// <summary>True replaces every earlier message of the subject.</summary>
    public bool Rollup { get; init; }

    /// <summary>How often it is tried again when nobody takes the message, which happens while a cluster chooses a leader.</summary>
    public int RetryAttempts { get; init; } = 2;

    /// <summary>The wait between two attempts.</summary>
    public TimeSpan RetryWaitBetweenAttempts { get; init; } = TimeSpan.FromMilliseconds(250);

    internal NatsHeaders? AddTo(NatsHeaders? headers)
    {
        if (this == Nothing) return headers;
        var all = new NatsHeaders();
        foreach (var (key, values) in headers ?? []) all[key] = values;
        if (MsgId is not null) all["Nats-Msg-Id"] = MsgId;
        if (ExpectedStream is not null) all["Nats-Expected-Stream"] = ExpectedStream;
        if (ExpectedLastMsgId is not null) all["Nats-Expected-Last-Msg-Id"] = ExpectedLastMsgId;
        if (ExpectedLastSequence is { } last) all["Nats-Expected-Last-Sequence"] = last.ToString();
        if (ExpectedLastSubjectSequence is { } lastOfSubject) all["Nats-Expected-Last-Subject-Sequence"] = lastOfSubject.ToString();
        if (Rollup) all["Nats-Rollup"] = "sub";
        return all;
    }

    internal static readonly NatsJSPubOpts Nothing = new();
}
