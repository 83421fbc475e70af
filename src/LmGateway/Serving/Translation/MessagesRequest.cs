using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>A request of Anthropic's Messages API in no dialect.</summary>
internal static class MessagesRequest
{
    public static ChatRequest Read(RequestBody body)
    {
        var json = body.Json;
        return new ChatRequest
        {
            Messages = [.. System(json), .. json.Items("messages").SelectMany((message, place) => Turns(message, $"messages[{place}]"))],
            MaxTokens = body.Tokens("max_tokens"),
            Temperature = json.Number("temperature"),
            TopP = json.Number("top_p"),
            TopK = body.Tokens("top_k"),
            Stop = [.. json.Items("stop_sequences").Select(stop => stop.Text()).OfType<string>()],
            Tools = [.. json.Items("tools").Where(tool => tool.Member("input_schema") is not null).Select(tool => new ChatTool(tool.Text("name") ?? "", tool.Text("description"), tool.Member("input_schema")))],
            ToolChoice = json.Section("tool_choice").Text("type") switch { "any" or "tool" => "required", "none" => "none", "auto" => "auto", _ => null },
            Reasoning = json.Section("thinking").Text("type") switch { "enabled" or "adaptive" => "on", "disabled" => "none", _ => null },
        };
    }

    private static IEnumerable<ChatMessage> System(JsonElement json)
    {
        if (RequestBody.TextOf(json.Member("system")) is { Length: > 0 } text) yield return new ChatMessage(ChatRole.System, text);
    }

    /// <summary>One message is several turns where it carries the results of tools, which come first.</summary>
    private static IEnumerable<ChatMessage> Turns(JsonElement message, string path)
    {
        var role = message.Text("role") switch
        {
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "system" => ChatRole.System,
            _ => throw RequestBody.Invalid($"{path}.role", $"'{path}.role' must be user or assistant"),
        };
        if (message.Member("content") is not { ValueKind: JsonValueKind.Array } blocks)
        {
            yield return new ChatMessage(role, message.Text("content") ?? "");
            yield break;
        }

        foreach (var result in blocks.EnumerateArray().Where(block => block.Text("type") == "tool_result"))
            yield return new ChatMessage(ChatRole.Tool, RequestBody.TextOf(result.Member("content"))) { ToolCallId = result.Text("tool_use_id") };
        var own = blocks.EnumerateArray().Select((block, place) => (Block: block, Path: $"{path}.content[{place}]")).Where(item => item.Block.Text("type") != "tool_result").ToList();
        if (own.Count == 0) yield break;
        yield return new ChatMessage(role, string.Concat(own.Where(item => item.Block.Text("type") == "text").Select(item => item.Block.Text("text"))))
        {
            Images = [.. own.Where(item => item.Block.Text("type") == "image").Select(item => Image(item.Block.Section("source"), item.Path))],
            ToolCalls = [.. own.Where(item => item.Block.Text("type") == "tool_use").Select(item => new ChatToolCall(item.Block.Text("id") ?? "", item.Block.Text("name") ?? "", item.Block.Member("input")?.GetRawText() ?? "{}"))],
        };
    }

    private static ChatImage Image(JsonElement source, string path) => source.Text("type") == "base64" && source.Text("data") is { } data
        ? RequestBody.Image(data, source.Text("media_type") ?? "image/png", path)
        : RequestBody.Image(source.Text("url"), path);
}
