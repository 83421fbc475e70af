using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>The gateway's errors as LM Studio's own REST APIs give them: <c>{"error":{"type","message","code","param"}}</c>.</summary>
internal static class NativeErrors
{
    public static (int Status, string Type, string? Code) Describe(ErrorCode code) => code switch
    {
        ErrorCode.InvalidRequest or ErrorCode.InvalidExtension or ErrorCode.NotSupported => (400, "invalid_request", null),
        ErrorCode.InvalidImage => (400, "invalid_request", "invalid_image"),
        ErrorCode.ModelRequired => (400, "invalid_request", "missing_required_parameter"),
        ErrorCode.ModelAmbiguous => (400, "invalid_request", "model_ambiguous"),
        ErrorCode.ContextLengthExceeded => (400, "invalid_request", "context_length_exceeded"),
        ErrorCode.Unauthorized => (401, "invalid_request", "invalid_api_key"),
        ErrorCode.BackendUnauthorized => (401, "invalid_request", "invalid_api_key"),
        ErrorCode.Forbidden or ErrorCode.ModelNotAllowed => (403, "invalid_request", "forbidden"),
        ErrorCode.ModelNotFound => (404, "model_not_found", null),
        ErrorCode.JobNotFound => (404, "job_not_found", null),
        ErrorCode.ObjectNotFound => (404, "model_not_found", null),
        ErrorCode.RouteNotFound => (404, "invalid_request", "unknown_url"),
        ErrorCode.MethodNotAllowed => (405, "invalid_request", "method_not_allowed"),
        ErrorCode.IdentifierTaken or ErrorCode.InstanceAmbiguous or ErrorCode.InstanceInUse => (409, "invalid_request", "conflict"),
        ErrorCode.BodyTooLarge => (413, "invalid_request", "request_too_large"),
        ErrorCode.UnsupportedMediaType => (415, "invalid_request", "unsupported_media_type"),
        ErrorCode.HeadersTooLarge => (431, "invalid_request", "headers_too_large"),
        ErrorCode.RequestTooSlow => (408, "invalid_request", "request_timeout"),
        ErrorCode.RateLimited => (429, "invalid_request", "rate_limit_exceeded"),
        ErrorCode.Cancelled => (499, "internal_error", "cancelled"),
        ErrorCode.BackendUnreachable => (502, "internal_error", "backend_unreachable"),
        ErrorCode.ControlUnavailable => (503, "internal_error", "control_unavailable"),
        ErrorCode.QueueFull => (503, "internal_error", "queue_full"),
        ErrorCode.Draining => (503, "internal_error", "draining"),
        ErrorCode.Overloaded => (503, "internal_error", "overloaded"),
        ErrorCode.RepositoryUnavailable => (503, "internal_error", "repository_unavailable"),
        ErrorCode.DiskFull => (507, "internal_error", "disk_full"),
        ErrorCode.BackendTimeout => (504, "internal_error", "timeout"),
        ErrorCode.LoadFailed or ErrorCode.InsufficientMemory => (500, "model_load_failed", null),
        _ => (500, "internal_error", null),
    };

    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        var (status, type, code) = Describe(error.Code);
        return JsonReply.WriteAsync(context, status, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error");
            writer.WriteString("type", type);
            writer.WriteString("message", Wording(error));
            if (code is not null) writer.WriteString("code", code);
            if (error.Parameter is { } parameter) writer.WriteString("param", parameter);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    /// <summary>This envelope has no list of its own for the faults of a body.</summary>
    private static string Wording(GatewayError error) =>
        error.Code is ErrorCode.InvalidRequest && error.Details.Count > 0 ? $"{error.Message}: {string.Join("; ", error.Details)}" : error.Message;

    /// <summary>The event that ends a stream of <c>/api/v1/chat</c> or <c>/api/v0</c> which failed after it had begun.</summary>
    public static byte[] FailureEvent(GatewayError error)
    {
        using var json = new MemoryStream();
        json.Write("event: error\ndata: "u8);
        using (var writer = new System.Text.Json.Utf8JsonWriter(json))
        {
            var (_, type, code) = Describe(error.Code);
            writer.WriteStartObject();
            writer.WriteString("type", "error");
            writer.WriteStartObject("error");
            writer.WriteString("type", type);
            writer.WriteString("message", error.Message);
            if (code is not null) writer.WriteString("code", code);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        json.Write("\n\n"u8);
        return json.ToArray();
    }
}
