namespace LeanNats;

/// <summary>What happens to a message that comes while a subscription's buffer is full.</summary>
public enum NatsFullMode
{
    /// <summary>The message is dropped.</summary>
    DropNewest,

    /// <summary>The oldest buffered message is dropped in its place.</summary>
    DropOldest,

    /// <summary>
    /// The whole connection stops reading until there is room, for <see cref="NatsSubOpts.FullWait"/> at most; then the message is dropped.
    /// </summary>
    Wait,
}

/// <summary>Settings of a subscription, or of the replies to a many-reply request.</summary>
public sealed record NatsSubOpts
{
    /// <summary>Buffered messages past which <see cref="FullMode"/> applies.</summary>
    public int Capacity { get; init; } = 16_384;

    /// <summary>Buffered payload bytes past which <see cref="FullMode"/> applies. One message is always taken.</summary>
    public long CapacityBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What happens when the buffer is full.</summary>
    public NatsFullMode FullMode { get; init; } = NatsFullMode.DropNewest;

    /// <summary>How long <see cref="NatsFullMode.Wait"/> waits.</summary>
    public TimeSpan FullWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The subscription ends after so many messages.</summary>
    public int? MaxMsgs { get; init; }

    /// <summary>The most that the whole enumeration may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The most that the first message may take.</summary>
    public TimeSpan? StartUpTimeout { get; init; }

    /// <summary>The most that may pass between two messages.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>
    /// A message without payload, headers and status ends the enumeration and is not handed out. With it, running out of time is a
    /// <see cref="NatsNoReplyException"/>, because the end is missing; without it, running out of time is the end.
    /// </summary>
    public bool StopOnEmptyMsg { get; init; }

    /// <summary>The enumeration fails with <see cref="NatsConnectionLostException"/> when the connection is lost, since messages may be missing.</summary>
    public bool EndOnDisconnect { get; init; }

    /// <summary>The messages are replies to a request; a drain waits for them instead of ending them.</summary>
    internal bool AreReplies { get; init; }

    /// <summary>Payloads come from the array pool and belong to the reader, who gives them back with <see cref="NatsMsg.Recycle"/>.</summary>
    internal bool PooledPayloads { get; init; }
}
