using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>What a user's call puts on the line: a message, a PING, or both together.</summary>
internal readonly record struct Outgoing
{
    public OutgoingMessage? Message { get; init; }

    /// <summary>A PING goes out behind the message; this is told of its PONG.</summary>
    public PendingPong? Pong { get; init; }

    /// <summary>The request that the message makes.</summary>
    public PendingRequest? Request { get; init; }

    public long Size => Message?.Size ?? 0;
}
