using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Reads chat-completion bodies the way LM Studio validates them; unknown members are ignored.</summary>
internal static class ChatPrompt
{
    public static GenerationRequest Read(JsonElement body)
    {
        if (body.Field("messages") is not { } messages) throw HttpError.Plain("'messages' field is required");
        if (messages.ValueKind != JsonValueKind.Array) throw HttpError.Plain("'messages' field must be an array");
        if (messages.GetArrayLength() == 0) throw HttpError.Plain("'messages' array must not be empty");
        return new GenerationRequest
        {
            Messages = [.. messages.EnumerateArray().Select(Message)],
            MaxTokens = body.Number("max_completion_tokens") ?? body.Number("max_tokens"),
            StopStrings = body.Texts("stop"),
            Tools = Tools(body),
            ToolChoice = Choice(body),
            Schema = Schema(body),
            Reasoning = body.Text("reasoning_effort") is { } effort ? effort != "none" : body.Flag("enable_thinking"),
        };
    }

    private static PromptMessage Message(JsonElement message)
    {
        var role = message.Text("role") ?? throw HttpError.Plain("'messages' objects must have a 'role' field");
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw HttpError.Plain($"Invalid 'role': '{role}'. Supported roles: system, user, assistant, tool");
        var content = message.Field("content");
        if (role == "tool" && content is not { ValueKind: JsonValueKind.String })
            throw HttpError.Plain("Invalid 'content': 'content' of a 'tool' message must be a string");
        var parts = content is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().Select(Part).ToList() : [];
        var text = content switch
        {
            null => "",
            { ValueKind: JsonValueKind.String } value => value.GetString()!,
            { ValueKind: JsonValueKind.Array } => string.Concat(parts.Select(part => part.Text)),
            _ => throw HttpError.Plain("Invalid 'content': 'content' must be a string or an array"),
        };
        return new PromptMessage(role == "developer" ? "system" : role, text)
        {
            Images = [.. parts.Select(part => part.Image).OfType<PromptImage>()],
            ToolCalls = [.. message.Items("tool_calls").Select(Call)],
            ToolCallId = message.Text("tool_call_id"),
        };
    }

    private static (string Text, PromptImage? Image) Part(JsonElement part) => part.Text("type") switch
    {
        "text" => (part.Text("text") ?? "", null),
        "image_url" => ("", ImageUrl.Read(part.Object("image_url")?.Text("url") ?? part.Text("image_url"))),
        _ => throw HttpError.Plain("Invalid 'content': 'content' objects must have a 'type' field that is either 'text' or 'image_url'."),
    };

    private static ToolCall Call(JsonElement call)
    {
        var id = call.Text("id");
        if (string.IsNullOrEmpty(id)) throw HttpError.Plain("Invalid 'tool_calls': 'id' must be a non-empty string");
        var function = call.Object("function") ?? throw HttpError.Plain("Invalid 'tool_calls': 'function' field is required");
        return new ToolCall(id, function.Text("name") ?? "", function.Text("arguments") ?? "");
    }

    private static List<ToolDefinition> Tools(JsonElement body) =>
    [
        .. body.Items("tools").Select(tool => tool.Object("function") is { } function && function.Text("name") is { Length: > 0 } name
            ? new ToolDefinition(name, function.Object("parameters"))
            : throw HttpError.Plain("Invalid 'tools': each tool must be of type 'function' and have a function name")),
    ];

    private static ToolChoice Choice(JsonElement body) => body.Field("tool_choice") switch
    {
        null => ToolChoice.Auto,
        { ValueKind: JsonValueKind.String } value => value.GetString() switch
        {
            "auto" => ToolChoice.Auto,
            "none" => ToolChoice.None,
            "required" => ToolChoice.Required,
            var other => throw HttpError.Plain($"Invalid tool_choice value: '{other}'. Supported string values: none, auto, required"),
        },
        { } value => throw HttpError.Plain(
            $"Invalid tool_choice type: '{value.ValueKind.ToString().ToLowerInvariant()}'. Supported string values: none, auto, required"),
    };

    private static JsonElement? Schema(JsonElement body)
    {
        if (body.Object("response_format") is not { } format) return null;
        return format.Text("type") switch
        {
            "text" => null,
            "json_schema" => format.Object("json_schema")?.Object("schema") ?? throw HttpError.Plain("'response_format.json_schema.schema' must be an object"),
            _ => throw HttpError.Plain("'response_format.type' must be 'json_schema' or 'text'"),
        };
    }
}
