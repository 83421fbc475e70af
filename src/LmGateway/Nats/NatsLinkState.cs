namespace LmGateway.Nats;

/// <summary>How the NATS connection is now.</summary>
internal sealed record NatsLinkState
{
    public bool IsConnected { get; init; }

    /// <summary>The server it is connected to, or was last: host and port.</summary>
    public string? Server { get; init; }

    /// <summary>Why there is no connection; null while there is one, and before the first attempt has ended.</summary>
    public string? Problem { get; init; }
}
