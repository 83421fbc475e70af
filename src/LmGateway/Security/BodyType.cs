using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace LmGateway.Security;

/// <summary>
/// Which bodies are taken: JSON in UTF-8 and multipart forms, uncompressed. Everything that a foreign page could send without
/// asking first (text, plain forms, no type at all) is refused.
/// </summary>
internal static class BodyType
{
    /// <summary>The reason to refuse a request for its body, or null. DELETE, GET and HEAD may carry anything: it is not read.</summary>
    public static GatewayError? Fault(HttpRequest request)
    {
        if (!(HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method) || HttpMethods.IsPatch(request.Method))) return null;
        if (!MayHaveBody(request)) return null;
        var encoding = request.Headers.ContentEncoding;
        if (encoding.Count > 0 && !IsIdentity(encoding.ToString())) return Refusal.CompressedBody(encoding.ToString());
        return IsTaken(request.ContentType) ? null : Refusal.BodyOfType(request.ContentType);
    }

    public static bool IsTaken(string? contentType) =>
        contentType is "application/json" or "application/json; charset=utf-8"
        || (MediaTypeHeaderValue.TryParse(contentType, out var type) && (IsForm(type) || (IsJson(type) && IsUtf8(type))));

    private static bool MayHaveBody(HttpRequest request) =>
        request.ContentLength is { } length
            ? length > 0
            : request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };

    private static bool IsIdentity(string encoding) => encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);

    private static bool IsForm(MediaTypeHeaderValue type) => type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    private static bool IsJson(MediaTypeHeaderValue type) =>
        type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
        && (type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));

    private static bool IsUtf8(MediaTypeHeaderValue type)
    {
        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        return charset.Length == 0 || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase);
    }
}
