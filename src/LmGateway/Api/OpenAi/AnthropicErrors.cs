using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>The gateway's errors as <c>/v1/messages</c> gives them: the same statuses, Anthropic's object.</summary>
internal static class AnthropicErrors
{
    public static string Type(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        >= 400 and < 500 => "invalid_request_error",
        503 => "overloaded_error",
        _ => "api_error",
    };

    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        context.Response.Headers["request-id"] = context.TraceIdentifier;
        return JsonReply.WriteAsync(context, OpenAiErrors.Describe(error.Code).Status, writer => WriteObject(writer, error, context.TraceIdentifier));
    }

    public static void WriteObject(Utf8JsonWriter writer, GatewayError error, string requestId)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "error");
        writer.WriteStartObject("error");
        writer.WriteString("type", Type(OpenAiErrors.Describe(error.Code).Status));
        writer.WriteString("message", Wording(error));
        writer.WriteEndObject();
        writer.WriteString("request_id", requestId);
        writer.WriteEndObject();
    }

    /// <summary>Agents that shorten their history on this API look for Anthropic's own words.</summary>
    private static string Wording(GatewayError error) =>
        error.Code is ErrorCode.ContextLengthExceeded && !error.Message.Contains("prompt is too long", StringComparison.OrdinalIgnoreCase)
            ? $"prompt is too long: {error.Message}"
            : error.Message;
}
