using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>What the tests of the chat routes read again and again.</summary>
internal static class ChatReplies
{
    public const string Regular = "qwen/qwen3-4b-2507";
    public const string Vision = GatewayUnderTest.Vision;

    public static string[] Routes { get; } = ["/chat", "/chat/stream", "/chat/regular", "/chat/regular/stream", "/chat/vision", "/chat/vision/stream"];

    /// <summary>A request with one user message.</summary>
    public static string Says(string text, string more = "") =>
        $$"""{"messages":[{"role":"user","content":"{{text}}"}]{{(more.Length > 0 ? "," + more : "")}}}""";

    /// <summary>The objects of a stream; every line ends with a line feed.</summary>
    public static List<JsonElement> Lines(string stream)
    {
        Assert.EndsWith("\n", stream);
        return [.. stream.Split('\n')[..^1].Select(line => JsonElement.Parse(line))];
    }

    public static async Task<List<JsonElement>> StreamAsync(this GatewayUnderTest gateway, string path, string body)
    {
        using var response = await gateway.PostAsync(path, body);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.ToString());
        return Lines(await response.Content.ReadAsStringAsync());
    }

    public static string Text(this IEnumerable<JsonElement> lines, string type = "fragment") =>
        string.Concat(lines.Where(line => line.GetProperty("type").GetString() == type).Select(line => line.GetProperty("content").GetString()));

    public static IEnumerable<string> Names(this JsonElement json) => json.EnumerateObject().Select(member => member.Name);

    /// <summary>The body of the last chat that LM Studio got.</summary>
    public static JsonElement SentChat(this GatewayUnderTest gateway) =>
        JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path.StartsWith("/v1/chat", StringComparison.Ordinal)).Body);

    /// <summary>The reply's only member is its detail, a text.</summary>
    public static string DetailText(this JsonElement body)
    {
        Assert.Equal(["detail"], body.Names());
        return body.GetProperty("detail").GetString()!;
    }

    /// <summary>The only fault of a 422.</summary>
    public static JsonElement Fault(this (int Status, JsonElement Body) reply)
    {
        Assert.Equal(422, reply.Status);
        Assert.Equal(["detail"], reply.Body.Names());
        return Assert.Single(reply.Body.GetProperty("detail").EnumerateArray());
    }
}
