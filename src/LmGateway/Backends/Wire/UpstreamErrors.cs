using System.Globalization;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// What a backend's refusal means. Its own codes decide where it gives any; LM Studio gives none for most of its failures, and none
/// of the servers has one for all, so known texts are matched here, and nowhere else.
/// </summary>
internal static class UpstreamErrors
{
    private const StringComparison AnyCase = StringComparison.OrdinalIgnoreCase;

    /// <summary>Each text is part of a message; the first that fits decides.</summary>
    private static readonly (string Text, ErrorCode Code)[] KnownTexts =
    [
        ("unexpected endpoint or method", ErrorCode.RouteNotFound),
        ("context size has been exceeded", ErrorCode.ContextLengthExceeded),
        ("exceeds the available context size", ErrorCode.ContextLengthExceeded),
        ("greater than the context length", ErrorCode.ContextLengthExceeded),
        ("cannot truncate prompt with n_keep", ErrorCode.ContextLengthExceeded),
        ("when context the overflows", ErrorCode.ContextLengthExceeded),
        ("maximum context length", ErrorCode.ContextLengthExceeded),
        ("exceeds the context", ErrorCode.ContextLengthExceeded),
        ("context length exceeded", ErrorCode.ContextLengthExceeded),
        ("prompt is too long", ErrorCode.ContextLengthExceeded),
        ("is too large to process", ErrorCode.ContextLengthExceeded),
        ("insufficient system resources", ErrorCode.InsufficientMemory),
        ("requires more system memory", ErrorCode.InsufficientMemory),
        ("failed to load model", ErrorCode.LoadFailed),
        (" failed to load", ErrorCode.LoadFailed),
        ("no models loaded", ErrorCode.ModelNotFound),
        ("model is unloaded", ErrorCode.ModelNotFound),
        ("model is not loaded", ErrorCode.ModelNotFound),
        ("try pulling it first", ErrorCode.ModelNotFound),
        ("must be a base64 encoded image", ErrorCode.InvalidImage),
        ("image input is not supported", ErrorCode.NotSupported),
        ("audio input is not supported", ErrorCode.NotSupported),
        ("does not support", ErrorCode.NotSupported),
        ("image urls are not currently supported", ErrorCode.InvalidImage),
        ("maximum pending requests exceeded", ErrorCode.QueueFull),
    ];

    /// <summary>
    /// Reads a refusal in any of the shapes in use: OpenAI's, Anthropic's and llama-server's objects, plain strings, text, HTML.
    /// A status below 400 stands for one that is not known, as inside a stream.
    /// </summary>
    public static GatewayError Read(int status, ReadOnlySpan<byte> body, string? backend = null)
    {
        var facts = UpstreamErrorFacts.Read(body);
        var known = status >= 400 ? status : facts.Status;
        var code = ByCode(facts.Code) ?? ByCode(facts.Type) ?? ByText(facts.Message, known) ?? ByStatus(known) ?? ByType(facts.Type) ?? ErrorCode.BackendFault;
        if (code == ErrorCode.LoadFailed && facts.Message is { } text && ByText(text, known) == ErrorCode.InsufficientMemory) code = ErrorCode.InsufficientMemory;
        return new GatewayError(code, Message(code, facts, known))
        {
            Parameter = facts.Parameter ?? (code == ErrorCode.ModelNotFound ? "model" : null),
            Backend = backend,
            RetryAfter = known is 429 or 503 ? TimeSpan.FromSeconds(1) : null,
        };
    }

    private static ErrorCode? ByCode(string? code) => code switch
    {
        "context_length_exceeded" or "exceed_context_size_error" => ErrorCode.ContextLengthExceeded,
        "model_not_found" => ErrorCode.ModelNotFound,
        "invalid_api_key" or "authentication_error" or "permission_error" => ErrorCode.BackendUnauthorized,
        "model_load_failed" => ErrorCode.LoadFailed,
        "unavailable_error" => ErrorCode.Overloaded,
        "rate_limit_exceeded" or "rate_limit_error" => ErrorCode.RateLimited,
        "not_implemented" or "not_supported_error" => ErrorCode.NotSupported,
        "invalid_image" => ErrorCode.InvalidImage,
        _ => null,
    };

    private static ErrorCode? ByText(string? message, int status)
    {
        if (message is null) return null;
        foreach (var (text, code) in KnownTexts)
            if (message.Contains(text, AnyCase)) return code;
        var namesModel = message.Contains("model", AnyCase) && (message.Contains("not found", AnyCase) || message.Contains("does not exist", AnyCase));
        return namesModel && (status is < 400 or 400 or 404) ? ErrorCode.ModelNotFound : null;
    }

    private static ErrorCode? ByStatus(int status) => status switch
    {
        401 or 403 => ErrorCode.BackendUnauthorized,
        404 => ErrorCode.RouteNotFound,
        405 => ErrorCode.MethodNotAllowed,
        408 or 504 => ErrorCode.BackendTimeout,
        413 => ErrorCode.BodyTooLarge,
        415 => ErrorCode.UnsupportedMediaType,
        429 => ErrorCode.RateLimited,
        501 => ErrorCode.NotSupported,
        >= 400 and < 500 => ErrorCode.InvalidRequest,
        >= 500 => ErrorCode.BackendFault,
        _ => null,
    };

    private static ErrorCode? ByType(string? type) => type switch
    {
        "invalid_request_error" or "invalid_request" => ErrorCode.InvalidRequest,
        "not_found_error" => ErrorCode.RouteNotFound,
        _ => null,
    };

    private static string Message(ErrorCode code, UpstreamErrorFacts facts, int status)
    {
        var text = facts.Message ?? (status >= 400
            ? string.Create(CultureInfo.InvariantCulture, $"The backend answered with status {status} and no explanation.")
            : "The backend failed and gave no explanation.");
        // Agents that shorten their history look for these words.
        if (code != ErrorCode.ContextLengthExceeded || text.Contains("maximum context length", AnyCase)) return text;
        var limit = facts.ContextLength is { } tokens ? string.Create(CultureInfo.InvariantCulture, $" is {tokens} tokens") : " is exceeded";
        return $"{text.TrimEnd('.', ' ')}. This model's maximum context length{limit}.";
    }
}
