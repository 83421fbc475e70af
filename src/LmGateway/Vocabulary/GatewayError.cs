namespace LmGateway.Vocabulary;

/// <summary>Every way in which a call can fail, by cause. Each API maps each of them once to its own status and shape.</summary>
internal enum ErrorCode
{
    /// <summary>The request is malformed, or a field is missing, wrong or out of range.</summary>
    InvalidRequest,
    /// <summary>A sampling parameter beyond OpenAI's is wrong or out of range.</summary>
    InvalidExtension,
    /// <summary>An image is of a kind or size that cannot be used, or lies at an address that is not fetched.</summary>
    InvalidImage,
    /// <summary>The request names no model and none is active.</summary>
    ModelRequired,
    ModelNotFound,
    /// <summary>The name fits several models; the message lists them.</summary>
    ModelAmbiguous,
    /// <summary>The model exists but this service or this key may not use it.</summary>
    ModelNotAllowed,
    /// <summary>The prompt does not fit the context of the loaded instance.</summary>
    ContextLengthExceeded,
    /// <summary>No key, or a wrong one.</summary>
    Unauthorized,
    /// <summary>The address, host or origin may not call this service.</summary>
    Forbidden,
    RouteNotFound,
    MethodNotAllowed,
    BodyTooLarge,
    UnsupportedMediaType,
    /// <summary>The head of the request is larger than the service takes.</summary>
    HeadersTooLarge,
    /// <summary>The body of the request came too slowly.</summary>
    RequestTooSlow,
    RateLimited,
    /// <summary>An instance with this identifier is loaded already.</summary>
    IdentifierTaken,
    /// <summary>Several instances fit where one was meant; the message lists them.</summary>
    InstanceAmbiguous,
    /// <summary>The instance is answering requests and was not unloaded.</summary>
    InstanceInUse,
    /// <summary>More requests wait than may wait.</summary>
    QueueFull,
    /// <summary>The service is stopping.</summary>
    Draining,
    /// <summary>The service has no room for another request: too many are under way, or its memory is taken.</summary>
    Overloaded,
    /// <summary>No connection to the backend.</summary>
    BackendUnreachable,
    /// <summary>Inference may work, but no way of controlling the backend answers.</summary>
    ControlUnavailable,
    BackendTimeout,
    /// <summary>The backend answered with a fault of its own, or with something that cannot be understood.</summary>
    BackendFault,
    /// <summary>The backend refused the gateway's credential.</summary>
    BackendUnauthorized,
    /// <summary>The model could not be loaded.</summary>
    LoadFailed,
    /// <summary>The model does not fit in memory.</summary>
    InsufficientMemory,
    /// <summary>The backend has no such feature.</summary>
    NotSupported,
    /// <summary>No job has this id, or it ended too long ago to be remembered.</summary>
    JobNotFound,
    /// <summary>A model's files could not be downloaded, copied or published.</summary>
    TransferFailed,
    /// <summary>There is no such bucket, or no such object in it.</summary>
    ObjectNotFound,
    /// <summary>The model repository cannot be reached: no connection to NATS, or no JetStream behind it.</summary>
    RepositoryUnavailable,
    /// <summary>The disk has no room for the model.</summary>
    DiskFull,
    /// <summary>The caller went away or cancelled.</summary>
    Cancelled,
    /// <summary>A defect of the gateway.</summary>
    Internal,
}

/// <summary>Why a call failed, in words for people that say what to do next, and in fields for programs.</summary>
internal sealed record GatewayError(ErrorCode Code, string Message)
{
    /// <summary>The request field at fault, if one is.</summary>
    public string? Parameter { get; init; }

    /// <summary>The backend that failed; null where the gateway itself says no.</summary>
    public string? Backend { get; init; }

    /// <summary>Why there is no connection, in a few words: <c>Connection refused</c>. Null for everything else.</summary>
    public string? Reason { get; init; }

    /// <summary>The setting whose limit was reached, where one was.</summary>
    public string? Limit { get; init; }

    /// <summary>When it makes sense to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Every fault of an input that has several, or the candidates of an ambiguous name.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
}

/// <summary>The one exception by which a failure travels from where it happens to the API that answers.</summary>
internal sealed class GatewayException(GatewayError error, Exception? innerException = null)
    : Exception(error.Message, innerException)
{
    public GatewayException(ErrorCode code, string message)
        : this(new GatewayError(code, message))
    {
    }

    public GatewayError Error { get; } = error;
}
