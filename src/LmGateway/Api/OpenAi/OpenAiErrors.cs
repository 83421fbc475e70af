using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>The gateway's errors in OpenAI's object: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal static class OpenAiErrors
{
    /// <summary>Status, <c>type</c> and <c>code</c> of each error.</summary>
    public static (int Status, string Type, string? Code) Describe(ErrorCode code) => code switch
    {
        ErrorCode.InvalidRequest => (400, "invalid_request_error", null),
        ErrorCode.InvalidExtension => (400, "invalid_request_error", "invalid_extension"),
        ErrorCode.InvalidImage => (400, "invalid_request_error", "invalid_image"),
        ErrorCode.ModelRequired => (400, "invalid_request_error", "model_required"),
        ErrorCode.ModelNotFound => (404, "invalid_request_error", "model_not_found"),
        ErrorCode.ModelAmbiguous => (400, "invalid_request_error", "model_ambiguous"),
        ErrorCode.ModelNotAllowed => (400, "invalid_request_error", "model_not_found"),
        ErrorCode.ContextLengthExceeded => (400, "invalid_request_error", "context_length_exceeded"),
        ErrorCode.Unauthorized => (401, "invalid_request_error", "invalid_api_key"),
        ErrorCode.Forbidden => (403, "permission_error", "forbidden"),
        ErrorCode.RouteNotFound => (404, "invalid_request_error", "unknown_url"),
        ErrorCode.MethodNotAllowed => (405, "invalid_request_error", "method_not_allowed"),
        ErrorCode.BodyTooLarge => (413, "invalid_request_error", "request_too_large"),
        ErrorCode.UnsupportedMediaType => (415, "invalid_request_error", "unsupported_media_type"),
        ErrorCode.HeadersTooLarge => (431, "invalid_request_error", "headers_too_large"),
        ErrorCode.RequestTooSlow => (408, "invalid_request_error", "request_timeout"),
        ErrorCode.RateLimited => (429, "rate_limit_error", "rate_limit_exceeded"),
        ErrorCode.IdentifierTaken => (409, "invalid_request_error", "identifier_taken"),
        ErrorCode.InstanceAmbiguous => (409, "invalid_request_error", "instance_ambiguous"),
        ErrorCode.InstanceInUse => (409, "invalid_request_error", "instance_in_use"),
        ErrorCode.QueueFull => (503, "server_error", "queue_full"),
        ErrorCode.Draining => (503, "server_error", "draining"),
        ErrorCode.Overloaded => (503, "server_error", "overloaded"),
        ErrorCode.BackendUnreachable => (502, "api_error", "provider_connection_failed"),
        ErrorCode.ControlUnavailable => (503, "api_error", "control_unavailable"),
        ErrorCode.BackendTimeout => (504, "timeout_error", "provider_timeout"),
        ErrorCode.BackendFault => (500, "api_error", "provider_error"),
        ErrorCode.BackendUnauthorized => (401, "authentication_error", "invalid_api_key"),
        ErrorCode.LoadFailed => (500, "api_error", "model_load_failed"),
        ErrorCode.InsufficientMemory => (500, "api_error", "insufficient_memory"),
        ErrorCode.NotSupported => (400, "invalid_request_error", "unsupported"),
        ErrorCode.JobNotFound => (404, "invalid_request_error", "job_not_found"),
        ErrorCode.ObjectNotFound => (404, "invalid_request_error", "object_not_found"),
        ErrorCode.TransferFailed => (500, "api_error", "transfer_failed"),
        ErrorCode.RepositoryUnavailable => (503, "api_error", "repository_unavailable"),
        ErrorCode.DiskFull => (507, "server_error", "disk_full"),
        ErrorCode.Cancelled => (499, "api_error", "cancelled"),
        _ => (500, "api_error", "internal_error"),
    };

    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        return JsonReply.WriteAsync(context, Describe(error.Code).Status, writer => WriteObject(writer, error));
    }

    /// <summary>The envelope itself, as it stands in replies and, after a stream has begun, in its last event.</summary>
    public static void WriteObject(Utf8JsonWriter writer, GatewayError error)
    {
        var (_, type, code) = Describe(error.Code);
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("message", error.Message);
        writer.WriteString("type", type);
        writer.WriteString("param", error.Parameter ?? (error.Code is ErrorCode.ModelNotFound or ErrorCode.ModelRequired ? "model" : null));
        writer.WriteString("code", code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
