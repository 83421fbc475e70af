using System.Collections.Frozen;
using LmGateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace LmGateway.Security;

/// <summary>
/// Which headers cross the gateway. Stopped on the way in: credentials, what concerns one connection only, and what speaks of
/// the caller's network or browser; on the way out: the backend's framing, cookies, CORS and self-description.
/// <c>Content-Type</c> is in neither direction's headers because it travels beside them.
/// </summary>
internal static class ForwardedHeaders
{
    private static readonly string[] HopByHop = ["Connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings"];
    private static readonly string[] Body = ["Content-Length", "Content-Type", "Content-Encoding"];

    private static readonly FrozenSet<string> Inwards = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, [
        .. HopByHop, .. Body, "Authorization", "X-API-Key", "api-key", "Cookie", "Host", "X-Conversation-Id", "Forwarded",
        "X-Real-IP", "Expect", "Accept-Encoding", "Origin"]);

    private static readonly FrozenSet<string> Outwards = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, [
        .. HopByHop, .. Body, "Set-Cookie", "Server", "Date", "X-Powered-By", "WWW-Authenticate"]);

    /// <summary>
    /// Whether a caller's header may reach a backend; <paramref name="connection"/> is the request's <c>Connection</c> header,
    /// whose names are stopped too.
    /// </summary>
    public static bool MayPass(string name, StringValues connection = default) =>
        !Inwards.Contains(name) && !HasInwardPrefix(name) && !IsNamed(name, connection);

    /// <summary>Whether a backend's header may reach the caller; <paramref name="connection"/> is the reply's <c>Connection</c> header.</summary>
    public static bool MayReturn(string name, StringValues connection = default) =>
        !Outwards.Contains(name) && !HasOutwardPrefix(name) && !IsNamed(name, connection);

    /// <summary>The caller's <c>Authorization</c> header if it is to be sent on: asked for, a bearer token, and no gateway key that it could be.</summary>
    public static string? BearerToPass(GatewayOptions options, IHeaderDictionary headers) =>
        options.Passthrough.Authorization
        && !options.Security.HasKeys
        && headers.Authorization is [{ } value]
        && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? value
            : null;

    /// <summary>The first letter rules nearly every name out.</summary>
    private static bool HasInwardPrefix(string name) => name switch
    {
        ['X' or 'x', ..] => Begins(name, "X-Forwarded-"),
        ['S' or 's', ..] => Begins(name, "Sec-"),
        _ => HasOutwardPrefix(name),
    };

    private static bool HasOutwardPrefix(string name) => name switch
    {
        ['P' or 'p', ..] => Begins(name, "Proxy-"),
        ['A' or 'a', ..] => Begins(name, "Access-Control-"),
        _ => false,
    };

    private static bool Begins(string name, string prefix) => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static bool IsNamed(string name, StringValues connection)
    {
        foreach (var line in connection)
            foreach (var part in line.AsSpan().Split(','))
                if (line.AsSpan()[part].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
