namespace LeanNats;

/// <summary>Where a connection is in its life.</summary>
public enum NatsConnectionState
{
    /// <summary>Not connected yet, or disposed.</summary>
    Closed,

    /// <summary>Connecting for the first time.</summary>
    Connecting,

    /// <summary>Connected.</summary>
    Open,

    /// <summary>Lost, and trying to come back.</summary>
    Reconnecting,

    /// <summary>Given up: the credentials were refused, or too many attempts failed.</summary>
    Failed,
}
