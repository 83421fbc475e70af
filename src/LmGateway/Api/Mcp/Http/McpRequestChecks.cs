using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace LmGateway.Api.Mcp.Http;

/// <summary>
/// What a POST to <c>/mcp</c> must be before the protocol's own rules apply: what it accepts, one JSON-RPC message, a revision that is spoken
/// here, and, since 2026-07-28, headers that say what the body says.
/// </summary>
internal static class McpRequestChecks
{
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string MethodHeader = "Mcp-Method";
    private const string NameHeader = "Mcp-Name";

    /// <summary>What the newer revisions no longer have.</summary>
    private static readonly HashSet<string> Removed = new(StringComparer.Ordinal)
    {
        "initialize", "notifications/initialized", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "notifications/roots/list_changed",
    };

    /// <summary>Both kinds of reply must be accepted: the server chooses.</summary>
    public static McpRefusal? Accept(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return Takes(accepted, "application/json") && Takes(accepted, "text/event-stream")
            ? null
            : new McpRefusal(406, McpErrorCode.InvalidRequest, "Not Acceptable: the client must accept both application/json and text/event-stream.");
    }

    /// <summary>The message and the revision it is in, or why it is refused.</summary>
    public static (JsonElement Message, string Version, McpRefusal? Refusal) Read(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        JsonElement message;
        try
        {
            message = JsonElement.Parse(body.Span);
        }
        catch (JsonException)
        {
            return (default, "", new McpRefusal(400, McpErrorCode.ParseError, "Parse error: the body is not valid JSON."));
        }

        if (message.ValueKind != JsonValueKind.Object) return (default, "", new McpRefusal(400, McpErrorCode.InvalidRequest, "Invalid request: one JSON-RPC message is expected; batches are not taken."));
        var refusal = Shape(message) ?? Version(request, message);
        var version = request.Headers[VersionHeader].ToString() is { Length: > 0 } given ? given : McpVersions.Assumed;
        if (refusal is null && McpVersions.IsStateless(version)) refusal = Stateless(request, message, version);
        return (message, version, refusal is null ? null : refusal with { Id = IdOf(message) });
    }

    private static bool Takes(IList<MediaTypeHeaderValue> accepted, string type)
    {
        var wanted = new MediaTypeHeaderValue(type);
        return accepted.Any(offer => offer.Quality is not 0 && wanted.IsSubsetOf(offer));
    }

    private static McpRefusal? Shape(JsonElement message)
    {
        if (Text(message, "jsonrpc") != "2.0") return Invalid("'jsonrpc' must be \"2.0\"");
        var hasId = message.TryGetProperty("id", out var id);
        if (hasId && id.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)) return Invalid("'id' must be a text or a number");
        if (message.TryGetProperty("method", out var method) && method.ValueKind != JsonValueKind.String) return Invalid("'method' must be a text");
        return Text(message, "method") is null && !(hasId && (message.TryGetProperty("result", out _) || message.TryGetProperty("error", out _))) ? Invalid("it has neither a method nor a result") : null;

        static McpRefusal Invalid(string problem) => new(400, McpErrorCode.InvalidRequest, $"Invalid request: {problem}.");
    }

    private static McpRefusal? Version(HttpRequest request, JsonElement message)
    {
        var header = request.Headers[VersionHeader].ToString();
        var told = Meta(message, MetaKeys.ProtocolVersion);
        if (header.Length > 0 && !McpVersions.All.Contains(header)) return Unsupported(header);
        if (told is null || header == told) return null;
        if (header.Length == 0) return Mismatch($"the header {VersionHeader} is missing, and the body says {told}");
        return McpVersions.IsStateless(header) ? Mismatch($"the header {VersionHeader} says {header}, and the body {told}") : null;
    }

    private static McpRefusal? Stateless(HttpRequest request, JsonElement message, string version)
    {
        if (Text(message, "method") is not { } method) return null;
        if (request.Headers[MethodHeader].ToString() is var header && header != method)
            return Mismatch(header.Length == 0 ? $"the header {MethodHeader} is missing" : $"the header {MethodHeader} says {header}, and the body {method}");
        if (NameOf(method, message) is { } name && Decoded(request.Headers[NameHeader].ToString()) is var named && named != name)
            return Mismatch(named.Length == 0 ? $"the header {NameHeader} is missing" : $"the header {NameHeader} says {named}, and the body {name}");
        if (Removed.Contains(method)) return new McpRefusal(404, McpErrorCode.MethodNotFound, $"Method not found: {method} is not part of {version}.");
        if (!message.TryGetProperty("id", out _)) return null;
        if (Meta(message, MetaKeys.ProtocolVersion) is null) return new McpRefusal(400, McpErrorCode.InvalidParams, $"Invalid params: _meta[\"{MetaKeys.ProtocolVersion}\"] is missing.");
        return MetaOf(message) is { } meta && meta.TryGetProperty(MetaKeys.ClientCapabilities, out var capabilities) && capabilities.ValueKind == JsonValueKind.Object
            ? null
            : new McpRefusal(400, McpErrorCode.InvalidParams, $"Invalid params: _meta[\"{MetaKeys.ClientCapabilities}\"] is missing.");
    }

    private static string? NameOf(string method, JsonElement message) => method switch
    {
        "tools/call" or "prompts/get" => Parameter(message, "name"),
        "resources/read" => Parameter(message, "uri"),
        _ => null,
    };

    /// <summary>Names that do not fit into a header come as <c>=?base64?…?=</c>.</summary>
    private static string Decoded(string header)
    {
        if (!header.StartsWith("=?base64?", StringComparison.Ordinal) || !header.EndsWith("?=", StringComparison.Ordinal)) return header;
        var buffer = new byte[header.Length];
        return Convert.TryFromBase64String(header["=?base64?".Length..^2], buffer, out var length) ? Encoding.UTF8.GetString(buffer, 0, length) : header;
    }

    private static McpRefusal Mismatch(string problem) => new(400, McpErrorCode.HeaderMismatch, $"Header mismatch: {problem}.");

    private static McpRefusal Unsupported(string version) =>
        new(400, McpErrorCode.UnsupportedProtocolVersion, $"Unsupported protocol version: {version}. Supported: {string.Join(", ", McpVersions.All)}.") { Requested = version };

    private static JsonElement? IdOf(JsonElement message) =>
        message.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number ? id : null;

    private static string? Parameter(JsonElement message, string name) =>
        message.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object ? Text(parameters, name) : null;

    private static string? Meta(JsonElement message, string key) => MetaOf(message) is { } meta ? Text(meta, key) : null;

    private static JsonElement? MetaOf(JsonElement message) =>
        message.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object
        && parameters.TryGetProperty("_meta", out var meta) && meta.ValueKind == JsonValueKind.Object ? meta : null;

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? Tools.ToolArguments.TextOf(value) : null;
}
