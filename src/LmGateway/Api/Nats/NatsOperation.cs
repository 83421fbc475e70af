using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>What answers on <c>lmstudio.NAME</c> and on the node's own subject: one reply to each request.</summary>
internal sealed record NatsOperation(string Name, Func<NatsCall, CancellationToken, Task<NatsAnswer>> RunAsync)
{
    /// <summary>Time for a request whose caller gives none; null for as long as the work itself may take.</summary>
    public Func<TimeSpan>? Limit { get; init; }

    public bool IsInference { get; init; }

    /// <summary>What the caller's key must open.</summary>
    public KeyScopes Scope { get; init; } = KeyScopes.Models;

    /// <summary>It goes into the audit file only where it says what it concerns: otherwise it changes nothing.</summary>
    public bool IsMostlyRead { get; init; }
}
