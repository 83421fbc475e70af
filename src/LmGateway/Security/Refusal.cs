using System.Net;
using LmGateway.Vocabulary;

namespace LmGateway.Security;

/// <summary>The errors of this room. Each message names what was refused and the setting that would allow it, never a key.</summary>
internal static class Refusal
{
    private const int ShownLength = 200;

    public static GatewayError Address(IPAddress address) =>
        new(ErrorCode.Forbidden, $"The address {address} may not call this service. Add it to security.ip_allowlist (IP_ALLOWLIST) to allow it.");

    public static GatewayError Host(string host) =>
        host.Length == 0
            ? new(ErrorCode.Forbidden, "The request names no host. Send a Host header.")
            : new(ErrorCode.Forbidden, $"This service is not known as '{Shown(host)}'. Add that name (for containers: host.docker.internal) to security.allowed_hosts to call it so.");

    public static GatewayError Origin(string origin) =>
        new(ErrorCode.Forbidden, $"Pages of the origin '{Shown(origin)}' may not call this service. Add it to security.cors_origins (CORS_ORIGINS) to allow it.");

    public static GatewayError Key() =>
        new(ErrorCode.Unauthorized, "A valid API key is needed: send it as 'X-API-Key: <key>' or 'Authorization: Bearer <key>'.");

    public static GatewayError Scope(KeyGrant grant, KeyScopes needed) =>
        new(ErrorCode.Forbidden, $"The key '{grant.Name}' does not open this route: it lacks the scope '{ScopeWords.For(needed)}'.");

    public static GatewayError BodyOfType(string? contentType) =>
        new(ErrorCode.UnsupportedMediaType, $"{(string.IsNullOrEmpty(contentType) ? "The body has no content type" : $"A body of type '{Shown(contentType)}' is not taken")}. Send 'Content-Type: application/json' in UTF-8, or multipart/form-data.");

    public static GatewayError CompressedBody(string encoding) =>
        new(ErrorCode.UnsupportedMediaType, $"A body with 'Content-Encoding: {Shown(encoding)}' is not taken. Send it uncompressed.");

    /// <summary>What a caller sent, fit for a log line and a terminal: plain characters only, and not too many.</summary>
    private static string Shown(string text) =>
        string.Create(Math.Min(text.Length, ShownLength), text, static (shown, text) =>
        {
            for (var i = 0; i < shown.Length; i++) shown[i] = text[i] is >= ' ' and <= '~' ? text[i] : '?';
        });
}
