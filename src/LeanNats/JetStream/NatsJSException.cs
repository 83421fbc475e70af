namespace LeanNats.JetStream;

/// <summary>What every failure of JetStream derives from.</summary>
public class NatsJSException(string message, Exception? innerException = null) : NatsException(message, innerException);

/// <summary>The server refused a request of the JetStream API.</summary>
public sealed class NatsJSApiException(ApiError error)
    : NatsJSException($"JetStream says: {error.Description} ({error.Code}/{error.ErrCode}).")
{
    /// <summary>What the server said.</summary>
    public ApiError Error => error;
}

/// <summary>The server ended a pull for a reason that asking again would not mend.</summary>
public sealed class NatsJSProtocolException(int code, string text) : NatsJSException($"JetStream ended the pull: {code} {text}.")
{
    /// <summary>The status code.</summary>
    public int Code => code;

    /// <summary>The words behind it.</summary>
    public string Text => text;

    /// <summary>True when the consumer is gone.</summary>
    public bool IsConsumerDeleted => code == 409 && text.StartsWith("Consumer Deleted", StringComparison.OrdinalIgnoreCase);
}

/// <summary>An error of the JetStream API.</summary>
public sealed record ApiError
{
    /// <summary>The kind, like an HTTP status.</summary>
    public int Code { get; init; }

    /// <summary>The number of the very error; see <see cref="JSErrCode"/>.</summary>
    public int ErrCode { get; init; }

    /// <summary>The server's words.</summary>
    public string Description { get; init; } = "";
}

/// <summary>The errors that programs tell apart (<see cref="ApiError.ErrCode"/>).</summary>
public static class JSErrCode
{
    /// <summary>There is no such consumer.</summary>
    public const int ConsumerNotFound = 10014;

    /// <summary>There is no such message.</summary>
    public const int NoMessageFound = 10037;

    /// <summary>A stream of that name exists with other settings.</summary>
    public const int StreamNameInUse = 10058;

    /// <summary>There is no such stream.</summary>
    public const int StreamNotFound = 10059;

    /// <summary>The last message has another id than expected.</summary>
    public const int WrongLastMsgId = 10070;

    /// <summary>The last message has another number than expected.</summary>
    public const int WrongLastSequence = 10071;

    /// <summary>JetStream is not on for the account.</summary>
    public const int NotEnabledForAccount = 10039;

    /// <summary>JetStream is not on.</summary>
    public const int NotEnabled = 10076;

    /// <summary>The stream could not store the message, for instance because it is full.</summary>
    public const int StoreFailed = 10077;

    /// <summary>The stream is sealed.</summary>
    public const int StreamSealed = 10109;

    /// <summary>A consumer of that name exists (2.9).</summary>
    public const int ConsumerNameExist = 10013;

    /// <summary>A consumer of that name exists with other settings.</summary>
    public const int ConsumerAlreadyExists = 10148;

    /// <summary>The consumer to update does not exist.</summary>
    public const int ConsumerDoesNotExist = 10149;
}
