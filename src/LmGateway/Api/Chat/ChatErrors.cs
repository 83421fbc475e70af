using LmGateway.Api.Http;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.Chat;

/// <summary>
/// The gateway's errors as this API gives them: <c>{"detail":"text"}</c>, with FastAPI's list of faults at 422. Whatever is not the
/// request's own fault is 503, and its text begins with what failed.
/// </summary>
internal static class ChatErrors
{
    private const string NoConnection = "Could not connect to LM Studio: ";
    private const string NoLoad = "Failed to load model: ";
    private const string NoChat = "Chat service unavailable: ";

    public static Task WriteAsync(HttpContext context, GatewayError error)
    {
        JsonReply.DescribeFailure(context, error);
        var status = Status(error);
        return status == StatusCodes.Status422UnprocessableEntity
            ? JsonBody.RefuseAsync(context, [FieldFault.Unusable(PathOf(error), error.Message)])
            : JsonReply.WriteAsync(context, status, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("detail", status == StatusCodes.Status503ServiceUnavailable ? Text(error) : error.Message);
                writer.WriteEndObject();
            });
    }

    /// <summary>The failure of a chat in the documented words.</summary>
    public static string Text(GatewayError error) => error switch
    {
        { Reason: { } reason } => NoConnection + reason,
        { Code: ErrorCode.LoadFailed or ErrorCode.InsufficientMemory } => After(NoLoad, error.Message),
        _ => After(NoChat, error.Message),
    };

    /// <summary>The failure of a load. A model that does not exist has the documented words and no others.</summary>
    public static string LoadText(GatewayError error) => error switch
    {
        { Reason: { } reason } => NoConnection + reason,
        { Code: ErrorCode.ModelNotFound, Backend: null } => NoLoad + "Model not found",
        _ => After(NoLoad, error.Message),
    };

    /// <summary>The failure of an unload.</summary>
    public static string UnloadText(GatewayError error, string? model) => error switch
    {
        { Reason: { } reason } => NoConnection + reason,
        _ => $"Failed to unload {(model is null ? "every model" : $"model {model}")}: {error.Message}",
    };

    private static int Status(GatewayError error) => error.Code switch
    {
        ErrorCode.InvalidRequest or ErrorCode.InvalidExtension or ErrorCode.InvalidImage or ErrorCode.ContextLengthExceeded or ErrorCode.NotSupported => 422,
        ErrorCode.Internal => 500,
        // The backend's own refusals say nothing about this request to this service.
        _ when error.Backend is not null => 503,
        ErrorCode.Unauthorized => 401,
        ErrorCode.Forbidden => 403,
        ErrorCode.RouteNotFound => 404,
        ErrorCode.MethodNotAllowed => 405,
        ErrorCode.BodyTooLarge => 413,
        ErrorCode.UnsupportedMediaType => 415,
        ErrorCode.HeadersTooLarge => 431,
        ErrorCode.RequestTooSlow => 408,
        ErrorCode.RateLimited => 429,
        _ => 503,
    };

    private static FieldPath PathOf(GatewayError error) => error.Parameter switch
    {
        null => FieldPath.Body,
        "model" => FieldPath.Body.Of("model_key"),
        var parameter => FieldPath.Parse(parameter),
    };

    private static string After(string prefix, string message) => message.StartsWith(prefix, StringComparison.Ordinal) ? message : prefix + message;
}
