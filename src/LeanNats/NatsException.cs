namespace LeanNats;

/// <summary>What every failure of this client derives from.</summary>
public class NatsException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>No reply came in time.</summary>
public sealed class NatsNoReplyException(string message = "No reply came in time.") : NatsException(message);

/// <summary>Nobody subscribes to the subject of a request (the server's status 503).</summary>
public sealed class NatsNoRespondersException(string subject) : NatsException($"Nobody answers on '{subject}'.")
{
    /// <summary>The subject that nobody serves.</summary>
    public string Subject => subject;
}

/// <summary>The server refused something (<c>-ERR</c>).</summary>
public sealed class NatsServerException(string error) : NatsException($"The NATS server says: {error}.")
{
    /// <summary>The server's words.</summary>
    public string Error => error;

    /// <summary>True when the credentials were refused, have expired or were revoked.</summary>
    public bool IsAuthError => Protocol.ServerErrors.IsAuthentication(error);
}

/// <summary>A message with its headers is larger than the server takes. Nothing was sent.</summary>
public sealed class NatsPayloadTooLargeException(long size, long maxPayload)
    : NatsException($"The message has {size} bytes with its headers; the server takes at most {maxPayload}.")
{
    /// <summary>The bytes of headers and payload.</summary>
    public long Size => size;

    /// <summary>What the server takes.</summary>
    public long MaxPayload => maxPayload;
}

/// <summary>No server could be reached, or the connection was given up for good.</summary>
public sealed class NatsConnectionFailedException(string message, Exception? innerException = null) : NatsException(message, innerException);

/// <summary>
/// The connection broke under a command: it may or may not have reached the server, and it is not sent again.
/// </summary>
public sealed class NatsConnectionLostException(string message, Exception? innerException = null) : NatsException(message, innerException);

/// <summary>More waits to be sent than <see cref="NatsOpts.PendingBytesLimit"/> allows. Nothing was sent.</summary>
public sealed class NatsPendingLimitException(long limit)
    : NatsException($"{limit} bytes already wait to be sent.");

/// <summary>The connection is draining and takes no new subscriptions and requests.</summary>
public sealed class NatsDrainingException() : NatsException("The connection is draining.");

/// <summary>The server sent something that is not NATS; the connection was cut.</summary>
public sealed class NatsProtocolViolationException(string message) : NatsException(message);

/// <summary>A command could not be carried out in time. If it says so, nothing was sent.</summary>
public sealed class NatsTimeoutException(string message) : NatsException(message);

/// <summary>The headers of one message could not be read.</summary>
public sealed class NatsHeaderParseException(string message) : NatsException(message);
