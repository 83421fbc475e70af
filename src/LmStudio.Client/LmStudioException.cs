using LmStudio.Client.Wire;

namespace LmStudio.Client;

/// <summary>Everything that this library throws beside argument errors, cancellation and disposal.</summary>
public abstract class LmStudioException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>LM Studio could not be reached, or the connection was lost while a request was under way.</summary>
public sealed class LmStudioConnectionException(string message, Exception? innerException = null) : LmStudioException(message, innerException)
{
    /// <summary>The request may have reached LM Studio, which may have carried it out or be doing so still. False where it was never sent.</summary>
    public bool UnderWay { get; init; }

    internal static LmStudioConnectionException AfterAttempts(int attempts, Exception? last) => new(
        $"Failed to connect to LM Studio SDK after {attempts} attempts. Ensure LM Studio is running and the API server is enabled.", last);
}

/// <summary>LM Studio refused the client: a wrong or missing API token, or an identifier that another client holds.</summary>
public sealed class LmStudioAuthenticationException(string message, Exception? innerException = null) : LmStudioException(message, innerException);

/// <summary>A request outlived its deadline.</summary>
public sealed class LmStudioTimeoutException(string endpoint, TimeSpan limit)
    : LmStudioException($"LM Studio did not answer '{endpoint}' within {limit.TotalSeconds:0.###} s.")
{
    /// <summary>The endpoint that stayed silent.</summary>
    public string Endpoint { get; } = endpoint;

    /// <summary>The deadline that passed.</summary>
    public TimeSpan Limit { get; } = limit;
}

/// <summary>The peer spoke against the protocol, or said that the client did.</summary>
public sealed class LmStudioProtocolException(string message, string? kind = null, Exception? innerException = null)
    : LmStudioException(message, innerException)
{
    /// <summary>LM Studio's kind of warning, such as <c>rpcParameterTypeError</c>, when it sent one.</summary>
    public string? Kind { get; } = kind;
}

/// <summary>This LM Studio does not have the endpoint; it may be too old, or not LM Studio.</summary>
public sealed class LmStudioEndpointMissingException(string endpoint, string message) : LmStudioException(message)
{
    /// <summary>The endpoint asked for: a WebSocket endpoint's name, or an HTTP method and path.</summary>
    public string Endpoint { get; } = endpoint;
}

/// <summary>LM Studio carried the request out and it failed.</summary>
public sealed class LmStudioRequestException(string endpoint, LmStudioError error) : LmStudioException(error.Summary)
{
    /// <summary>The endpoint that failed.</summary>
    public string Endpoint { get; } = endpoint;

    /// <summary>What LM Studio said about it.</summary>
    public LmStudioError Error { get; } = error;

    /// <summary>The typed details, when there are any.</summary>
    public LmStudioErrorDetails? Details => Error.Details;
}

/// <summary>An HTTP call was answered with an error.</summary>
public sealed class LmStudioHttpException(int statusCode, HttpError error) : LmStudioException(error.Message)
{
    /// <summary>The HTTP status, which is 200 for some of LM Studio's errors.</summary>
    public int StatusCode { get; } = statusCode;

    /// <summary>The error body, whichever of LM Studio's shapes it had.</summary>
    public HttpError Error { get; } = error;
}
