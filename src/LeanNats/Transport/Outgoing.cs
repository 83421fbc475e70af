using LeanNats.Protocol;

namespace LeanNats.Transport;

/// <summary>What a user's call puts on the line: a message, a PING, or both together.</summary>
internal readonly record struct Outgoing
{
    private const int FixedCost = 200;

    public OutgoingMessage? Message { get; init; }

    /// <summary>A PING goes out behind the message; this is told of its PONG.</summary>
    public PendingPong? Pong { get; init; }

    /// <summary>The request that the message makes.</summary>
    public PendingRequest? Request { get; init; }

    /// <summary>The one connection it may go out on; null for whichever is open. Over another one it fails as lost.</summary>
    public SessionWriter? Only { get; init; }

    public bool Fits(SessionWriter? writer) => Only is null || Only == writer;

    /// <summary>What it takes to hold it while it waits, roughly.</summary>
    public long Cost => FixedCost + (Message?.Size ?? 0);
}
