using System.Text;
using System.Text.Json;
using LmGateway.Api.Mcp.Http;
using LmGateway.Api.Mcp.Tools;
using ModelContextProtocol.Protocol;

namespace LmGateway.Api.Mcp.Stdio;

/// <summary>A message from standard input, with what is needed of it to send it over HTTP.</summary>
internal sealed class BridgedMessage
{
    private readonly JsonElement json;

    private BridgedMessage(string text, JsonElement json) => (Text, this.json) = (text, json);

    public string Text { get; }

    /// <summary>The request's id as it is written; null for what is no request.</summary>
    public string? Id => Method is not null && json.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number ? id.GetRawText() : null;

    public bool IsInitialize => Method == "initialize";

    /// <summary>The id of the request that this message cancels.</summary>
    public string? Cancels => Method == NotificationMethods.CancelledNotification && Parameters is { } parameters && parameters.TryGetProperty("requestId", out var id) ? id.GetRawText() : null;

    private string? Method => TextOf(json, "method");

    private JsonElement? Parameters => json.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object ? parameters : null;

    /// <summary>Null for what is no JSON object.</summary>
    public static BridgedMessage? Read(string line)
    {
        try
        {
            var parsed = JsonElement.Parse(line);
            return parsed.ValueKind == JsonValueKind.Object ? new BridgedMessage(line, parsed) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static bool IsAnswer(string text) =>
        Read(text) is { } message && (message.json.TryGetProperty("result", out _) || message.json.TryGetProperty("error", out _));

    /// <summary>The revision that a reply to <c>initialize</c> settles on.</summary>
    public static string? NegotiatedVersion(string text) =>
        Read(text) is { } message && message.json.TryGetProperty("result", out var result) && result.ValueKind == JsonValueKind.Object ? TextOf(result, "protocolVersion") : null;

    /// <summary>The headers that repeat what the message says, as its revision wants them.</summary>
    public IEnumerable<(string Name, string Value)> Headers(string? negotiated)
    {
        var told = Parameters is { } parameters && parameters.TryGetProperty("_meta", out var meta) && meta.ValueKind == JsonValueKind.Object ? TextOf(meta, MetaKeys.ProtocolVersion) : null;
        if ((told ?? negotiated) is not { } version) yield break;
        yield return ("MCP-Protocol-Version", version);
        if (!McpVersions.IsStateless(version) || Method is not { } method) yield break;
        yield return ("Mcp-Method", method);
        if (NameOf(method) is { } name) yield return ("Mcp-Name", name.All(letter => letter is >= ' ' and <= '~') ? name : $"=?base64?{Convert.ToBase64String(Encoding.UTF8.GetBytes(name))}?=");
    }

    /// <summary>An answer to this request that says what went wrong on the way.</summary>
    public string Error(string message) => Encoding.UTF8.GetString(McpJson.Bytes(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("jsonrpc", "2.0");
        writer.WritePropertyName("id");
        writer.WriteRawValue(Id!);
        writer.WriteStartObject("error");
        writer.WriteNumber("code", -32603);
        writer.WriteString("message", message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }).Span);

    private string? NameOf(string method) => Parameters is not { } parameters ? null : method switch
    {
        "tools/call" or "prompts/get" => TextOf(parameters, "name"),
        "resources/read" => TextOf(parameters, "uri"),
        _ => null,
    };

    private static string? TextOf(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? ToolArguments.TextOf(value) : null;
}
