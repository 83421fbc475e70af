namespace LeanNats.JetStream;

/// <summary>Settings of one fetch.</summary>
public sealed record NatsJSFetchOpts
{
    /// <summary>The most messages.</summary>
    public int MaxMsgs { get; init; } = 100;

    /// <summary>How long the server waits for that many.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the server says that it is there; null does without.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }
}

/// <summary>Settings of an endless consumption.</summary>
public sealed record NatsJSConsumeOpts
{
    /// <summary>How many messages are asked for ahead.</summary>
    public int MaxMsgs { get; init; } = 1000;

    /// <summary>More is asked for when no more than so many messages are on their way; half of <see cref="MaxMsgs"/> by default.</summary>
    public int? ThresholdMsgs { get; init; }

    /// <summary>How long the server keeps one pull.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the server says that it is there. After two that are missing the consumption begins anew.</summary>
    public TimeSpan IdleHeartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Payloads come from the array pool; the reader gives them back with <see cref="NatsJSMsg.Recycle"/>.</summary>
    internal bool PooledPayloads { get; init; }

    internal int Threshold => Math.Min(ThresholdMsgs ?? MaxMsgs / 2, MaxMsgs - 1);
}
