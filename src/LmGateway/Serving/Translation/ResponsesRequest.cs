using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>A request of OpenAI's Responses API in no dialect. What a conversation kept by the server would hold must be in the request itself.</summary>
internal static class ResponsesRequest
{
    public static ChatRequest Read(RequestBody body)
    {
        body.Refuse("previous_response_id", "needs a backend that keeps conversations; send the whole conversation in 'input'");
        body.Refuse("conversation", "needs a backend that keeps conversations; send the whole conversation in 'input'");
        body.Refuse("background", "needs a backend that keeps responses");
        var json = body.Json;
        var format = json.Section("text").Section("format");
        return new ChatRequest
        {
            Messages = [.. Messages(json)],
            MaxTokens = body.Tokens("max_output_tokens"),
            Temperature = json.Number("temperature"),
            TopP = json.Number("top_p"),
            Tools = [.. json.Items("tools").Select(Tool)],
            ToolChoice = json.Member("tool_choice") switch
            {
                { ValueKind: JsonValueKind.String } choice => choice.Text(),
                { ValueKind: JsonValueKind.Object } => "required",
                _ => null,
            },
            Reasoning = json.Section("reasoning").Text("effort") switch { "minimal" => "low", var effort => effort },
            JsonSchema = format.Text("type") == "json_schema" ? format.Member("schema") : null,
        };
    }

    private static List<ChatMessage> Messages(JsonElement json)
    {
        var messages = new List<ChatMessage>();
        if (json.Text("instructions") is { Length: > 0 } instructions) messages.Add(new ChatMessage(ChatRole.System, instructions));
        switch (json.Member("input"))
        {
            case { ValueKind: JsonValueKind.String } text: messages.Add(new ChatMessage(ChatRole.User, text.Text()!)); break;
            case { ValueKind: JsonValueKind.Array } items:
                var place = 0;
                foreach (var item in items.EnumerateArray()) Add(messages, item, $"input[{place++}]");
                break;
            default: throw RequestBody.Invalid("input", "'input' is required: a text or a list of items");
        }

        return messages;
    }

    private static void Add(List<ChatMessage> messages, JsonElement item, string path)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                messages.Add(Message(item, path));
                break;
            case "function_call":
                var call = new ChatToolCall(item.Text("call_id") ?? "", item.Text("name") ?? "", item.Text("arguments") ?? "{}");
                // Calls made side by side are one turn.
                if (messages.Count > 0 && messages[^1] is { Role: ChatRole.Assistant } last) messages[^1] = last with { ToolCalls = [.. last.ToolCalls, call] };
                else messages.Add(new ChatMessage(ChatRole.Assistant, "") { ToolCalls = [call] });
                break;
            case "function_call_output":
                messages.Add(new ChatMessage(ChatRole.Tool, RequestBody.TextOf(item.Member("output"))) { ToolCallId = item.Text("call_id") });
                break;
            case "reasoning" or "item_reference":
                break;
            case var other:
                throw RequestBody.Invalid(path, $"'{path}' is of the type '{other}', which this model's backend does not take");
        }
    }

    private static ChatMessage Message(JsonElement item, string path)
    {
        var role = item.Text("role") switch
        {
            "system" or "developer" => ChatRole.System,
            "assistant" => ChatRole.Assistant,
            null or "user" => ChatRole.User,
            var other => throw RequestBody.Invalid($"{path}.role", $"'{path}.role' cannot be '{other}'"),
        };
        var images = new List<ChatImage>();
        var place = 0;
        foreach (var part in item.Items("content"))
        {
            var at = $"{path}.content[{place++}]";
            if (part.Text("type") == "input_image") images.Add(RequestBody.Image(part.Text("image_url") ?? part.Section("image_url").Text("url"), at));
            else if (part.Text("type") is not ("input_text" or "output_text" or "text" or "refusal" or null)) throw RequestBody.Invalid(at, $"'{at}' is of the type '{part.Text("type")}', which this model's backend does not take");
        }

        return new ChatMessage(role, RequestBody.TextOf(item.Member("content"))) { Images = images };
    }

    private static ChatTool Tool(JsonElement tool) => tool.Text("type") == "function"
        ? new ChatTool(tool.Text("name") ?? "", tool.Text("description"), tool.Member("parameters"))
        : throw RequestBody.Invalid("tools", $"'tools' holds one of the type '{tool.Text("type")}'; this model's backend takes functions only");
}
