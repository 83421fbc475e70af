namespace LeanNats;

/// <summary>Something that happened to a connection; see <see cref="NatsConnection.Events"/>.</summary>
public abstract record NatsEvent
{
    private protected NatsEvent()
    {
    }
}

/// <summary>The connection is open, for the first time or again.</summary>
public sealed record NatsConnectionOpened(string Server) : NatsEvent;

/// <summary>The connection was lost; it will be tried again.</summary>
public sealed record NatsConnectionDisconnected(string Server, Exception Reason) : NatsEvent;

/// <summary>One server could not be reached.</summary>
public sealed record NatsReconnectFailed(string Server, Exception Reason) : NatsEvent;

/// <summary>The connection has ended for good; the reason is null when it was disposed.</summary>
public sealed record NatsConnectionClosed(Exception? Reason) : NatsEvent;

/// <summary>The server will shut down soon; the connection moves to another server when it closes.</summary>
public sealed record NatsLameDuckMode(string Server) : NatsEvent;

/// <summary>The server complained and kept the connection, for instance about a missing permission.</summary>
public sealed record NatsServerError(string Error) : NatsEvent;

/// <summary>A subscription began to lose messages because its reader is too slow. Told once until the reader has caught up.</summary>
public sealed record NatsSlowConsumer(string Subject, long DroppedMessages) : NatsEvent;
