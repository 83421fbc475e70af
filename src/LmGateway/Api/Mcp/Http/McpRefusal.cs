using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Events;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;

namespace LmGateway.Api.Mcp.Http;

/// <summary>A request that is refused before any tool sees it, as a JSON-RPC error with an HTTP status.</summary>
internal sealed record McpRefusal(int Status, McpErrorCode Code, string Message)
{
    /// <summary>The request's id, echoed; null where it has none or it is not known.</summary>
    public JsonElement? Id { get; init; }

    /// <summary>What a client that speaks another revision may speak instead.</summary>
    public string? Requested { get; init; }

    public Task WriteAsync(HttpContext context) => JsonReply.WriteAsync(context, Status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("jsonrpc", "2.0");
        writer.WritePropertyName("id");
        if (Id is { } id) id.WriteTo(writer);
        else writer.WriteNullValue();
        writer.WriteStartObject("error");
        writer.WriteNumber("code", (int)Code);
        writer.WriteString("message", Message);
        if (Requested is { } requested)
        {
            writer.WriteStartObject("data");
            writer.WriteList("supported", McpVersions.All);
            writer.WriteString("requested", requested);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    });
}
