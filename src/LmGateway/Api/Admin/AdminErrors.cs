using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Admin;

/// <summary>The gateway's errors as the admin API gives them: <c>{"error":"text"}</c>, with <c>details</c> where there are several.</summary>
internal static class AdminErrors
{
    public static int Status(ErrorCode code) => code switch
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

    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        return JsonReply.WriteAsync(context, Status(error.Code), writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", error.Message);
            if (error.Details.Count > 0)
            {
                writer.WriteStartArray("details");
                foreach (var detail in error.Details) writer.WriteStringValue(detail);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        });
    }
}
