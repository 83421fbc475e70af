using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LmGateway.Security;

/// <summary>
/// Writes the CORS headers of a reply. Credentials are never allowed: callers prove themselves by a header, not by a cookie.
/// </summary>
internal static class CorsHeaders
{
    private const string RequestPrivateNetwork = "Access-Control-Request-Private-Network";
    private const string AllowPrivateNetwork = "Access-Control-Allow-Private-Network";

    private static readonly StringValues Methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    private static readonly StringValues Exposed = "x-request-id, request-id, retry-after";
    private static readonly StringValues PreflightVary =
        "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

    /// <summary>Two hours, the longest that browsers remember a preflight for.</summary>
    private static readonly StringValues MaxAge = "7200";

    /// <summary>Names the origin in the reply, before anything can fail, so that errors and streams carry it too.</summary>
    public static void Write(HttpContext context, OriginVerdict verdict)
    {
        if (verdict is OriginVerdict.Absent) return;
        var headers = context.Response.Headers;
        if (verdict is not OriginVerdict.Anyone) headers.Vary = HeaderNames.Origin;
        if (verdict is OriginVerdict.Anyone) headers.AccessControlAllowOrigin = "*";
        else if (verdict is OriginVerdict.Allowed) headers.AccessControlAllowOrigin = context.Request.Headers.Origin;
        else return;
        headers.AccessControlExposeHeaders = Exposed;
    }

    /// <summary>
    /// Answers OPTIONS with 204: a preflight of an origin that may call with everything it asked for, one of another origin with
    /// nothing, and a plain OPTIONS with <c>Allow</c>.
    /// </summary>
    public static void AnswerOptions(HttpContext context, OriginVerdict verdict)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        var asked = context.Request.Headers;
        var headers = context.Response.Headers;
        if (verdict is OriginVerdict.Absent || asked.AccessControlRequestMethod.Count == 0)
        {
            headers.Allow = Methods;
            return;
        }

        headers.Vary = PreflightVary;
        if (verdict is not (OriginVerdict.Allowed or OriginVerdict.Anyone)) return;
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlMaxAge = MaxAge;
        var names = asked.AccessControlRequestHeaders;
        if (names.Count > 0 && !names.ToString().AsSpan().ContainsAnyExceptInRange(' ', '~')) headers.AccessControlAllowHeaders = names;
        if (asked[RequestPrivateNetwork] == "true") headers[AllowPrivateNetwork] = "true";
    }
}
