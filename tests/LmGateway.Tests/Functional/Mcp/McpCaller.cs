using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>What came back for one message: the status, and every message in the reply.</summary>
internal sealed record McpReply(int Status, IReadOnlyList<JsonElement> Messages)
{
    /// <summary>The answer itself, the last message.</summary>
    public JsonElement Last => Messages[^1];

    public JsonElement Result => Last.GetProperty("result");

    public int ErrorCode => Last.GetProperty("error").GetProperty("code").GetInt32();

    public string ErrorText => Last.GetProperty("error").GetProperty("message").GetString()!;

    public IEnumerable<JsonElement> Progress => Messages.Where(message => message.TryGetProperty("method", out var method) && method.ValueEquals("notifications/progress")).Select(message => message.GetProperty("params"));
}

/// <summary>The result of a tool.</summary>
internal sealed record McpAnswer(JsonElement Result, McpReply Reply)
{
    public bool IsError => Result.TryGetProperty("isError", out var flag) && flag.GetBoolean();

    public string Text => Result.GetProperty("content")[0].GetProperty("text").GetString()!;

    public JsonElement Structure => Result.GetProperty("structuredContent");
}

/// <summary>Speaks MCP over HTTP in raw frames, in the newest revision or in an older one.</summary>
internal sealed class McpCaller(HttpClient http, string version = McpCaller.Newest)
{
    public const string Newest = "2026-07-28";
    public const string Older = "2025-11-25";

    private int lastId;

    public bool IsNewest => version == Newest;

    /// <summary>Calls a tool, with progress where a token is given.</summary>
    public async Task<McpAnswer> CallAsync(string tool, string arguments = "{}", string? progressToken = null, CancellationToken cancellationToken = default)
    {
        var reply = await AskAsync("tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}}}""", progressToken, cancellationToken);
        if (!reply.Last.TryGetProperty("result", out var result)) throw new InvalidOperationException(reply.Last.GetRawText());
        return new McpAnswer(result, reply);
    }

    public Task<McpReply> AskAsync(string method, string parameters = "{}", string? progressToken = null, CancellationToken cancellationToken = default) =>
        PostAsync(Request(method, parameters, progressToken), cancellationToken);

    /// <summary>A request as the revision has it, which a test may change before it is posted.</summary>
    public HttpRequestMessage Request(string method, string parameters = "{}", string? progressToken = null)
    {
        var body = Body(method, parameters, progressToken);
        var request = Post(body);
        if (method != "initialize" || IsNewest) request.Headers.Add("MCP-Protocol-Version", version);
        if (!IsNewest) return request;
        request.Headers.Add("Mcp-Method", method);
        var json = JsonElement.Parse(body).GetProperty("params");
        if (method == "tools/call") request.Headers.Add("Mcp-Name", json.GetProperty("name").GetString());
        if (method == "resources/read") request.Headers.Add("Mcp-Name", json.GetProperty("uri").GetString());
        return request;
    }

    /// <summary>Any text as a POST to the endpoint.</summary>
    public static HttpRequestMessage Post(string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/mcp") { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        return request;
    }

    public async Task<McpReply> PostAsync(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        using var sent = request;
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    public static async Task<McpReply> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken = default)
    {
        var messages = new List<JsonElement>();
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
                if (item.Data.Length > 0) messages.Add(JsonElement.Parse(item.Data));
        }
        else if (await response.Content.ReadAsStringAsync(cancellationToken) is { Length: > 0 } text)
        {
            messages.Add(JsonElement.Parse(text));
        }

        return new McpReply((int)response.StatusCode, messages);
    }

    /// <summary>The frame alone, for transports without headers.</summary>
    public string Body(string method, string parameters = "{}", string? progressToken = null)
    {
        var meta = new List<string>();
        if (IsNewest)
        {
            meta.Add($"\"io.modelcontextprotocol/protocolVersion\":\"{version}\"");
            meta.Add("\"io.modelcontextprotocol/clientInfo\":{\"name\":\"raw\",\"version\":\"1\"}");
            meta.Add("\"io.modelcontextprotocol/clientCapabilities\":{}");
        }

        if (progressToken is not null) meta.Add($"\"progressToken\":\"{progressToken}\"");
        var inner = parameters.Trim()[1..^1].Trim();
        var given = meta.Count == 0 ? inner : $"{inner}{(inner.Length > 0 ? "," : "")}\"_meta\":{{{string.Join(',', meta)}}}";
        return $$"""{"jsonrpc":"2.0","id":{{Interlocked.Increment(ref lastId)}},"method":"{{method}}","params":{ {{given}} } }""";
    }
}
