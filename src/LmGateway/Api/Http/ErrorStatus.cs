using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>The number of an error by the custom of HTTP, for the APIs that have no other custom of their own.</summary>
internal static class ErrorStatus
{
    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.InvalidRequest or ErrorCode.InvalidExtension or ErrorCode.InvalidImage or ErrorCode.ModelRequired or ErrorCode.ModelAmbiguous or ErrorCode.NotSupported or ErrorCode.ContextLengthExceeded => 400,
        ErrorCode.Unauthorized => 401,
        ErrorCode.Forbidden or ErrorCode.ModelNotAllowed => 403,
        ErrorCode.ModelNotFound or ErrorCode.RouteNotFound or ErrorCode.JobNotFound or ErrorCode.ObjectNotFound => 404,
        ErrorCode.MethodNotAllowed => 405,
        ErrorCode.IdentifierTaken or ErrorCode.InstanceAmbiguous or ErrorCode.InstanceInUse => 409,
        ErrorCode.BodyTooLarge => 413,
        ErrorCode.UnsupportedMediaType => 415,
        ErrorCode.HeadersTooLarge => 431,
        ErrorCode.RequestTooSlow => 408,
        ErrorCode.RateLimited => 429,
        ErrorCode.Cancelled => 499,
        ErrorCode.BackendTimeout => 504,
        ErrorCode.QueueFull or ErrorCode.Draining or ErrorCode.Overloaded or ErrorCode.BackendUnreachable or ErrorCode.ControlUnavailable or ErrorCode.RepositoryUnavailable => 503,
        ErrorCode.DiskFull => 507,
        _ => 500,
    };
}
