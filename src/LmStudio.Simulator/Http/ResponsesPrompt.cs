using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Reads bodies of the Responses API. A schema in <c>text.format</c> is not enforced, as in LM Studio.</summary>
internal static class ResponsesPrompt
{
    public static GenerationRequest Read(JsonElement body, IReadOnlyList<PromptMessage> earlier)
    {
        if (body.Field("input") is not { } input) throw HttpError.OpenAi("Required", "input", "missing_required_parameter");
        if (body.Object("text") is { } text && text.Field("format") is null) throw HttpError.OpenAi("Required", "text.format", "missing_required_parameter");
        return new GenerationRequest
        {
            Messages = [.. Instructions(body), .. earlier.Where(message => message.Role != "system"), .. Turns(body, input)],
            MaxTokens = body.Number("max_output_tokens"),
            Tools =
            [
                .. body.Items("tools")
                    .Where(tool => tool.Text("type") == "function")
                    .Select(tool => new ToolDefinition(tool.Text("name") ?? "", tool.Object("parameters"))),
            ],
            ToolChoice = body.Field("tool_choice") switch
            {
                { ValueKind: JsonValueKind.Object } => ToolChoice.Required,
                { ValueKind: JsonValueKind.String } choice when choice.GetString() == "required" => ToolChoice.Required,
                { ValueKind: JsonValueKind.String } choice when choice.GetString() == "none" => ToolChoice.None,
                _ => ToolChoice.Auto,
            },
            Reasoning = body.Object("reasoning")?.Text("effort") is { } effort && effort != "none",
        };
    }

    private static IEnumerable<PromptMessage> Instructions(JsonElement body)
    {
        if (body.Text("instructions") is { } instructions) yield return new PromptMessage("system", instructions);
    }

    private static IEnumerable<PromptMessage> Turns(JsonElement body, JsonElement input) => input.ValueKind switch
    {
        JsonValueKind.String => [new PromptMessage("user", input.GetString()!)],
        JsonValueKind.Array => body.Items("input").Select(Turn).OfType<PromptMessage>(),
        _ => throw HttpError.OpenAi("Invalid input: expected a string or an array", "input", "invalid_type"),
    };

    private static PromptMessage? Turn(JsonElement item) => (item.Text("type") ?? "message") switch
    {
        "message" => Message(item),
        "function_call" => new PromptMessage("assistant", "")
        {
            ToolCalls = [new ToolCall(item.Text("call_id") ?? "", item.Text("name") ?? "", item.Text("arguments") ?? "{}")],
        },
        "function_call_output" => new PromptMessage("tool", TextOf(item, "output")) { ToolCallId = item.Text("call_id") },
        "reasoning" or "item_reference" => null,
        var other => throw HttpError.OpenAi($"Invalid input item type: '{other}'", "input", "invalid_value"),
    };

    private static string TextOf(JsonElement item, string name) => item.Text(name) ?? string.Concat(item.Items(name).Select(part => part.Text("text")));

    private static PromptMessage Message(JsonElement item)
    {
        var role = item.Text("role") ?? "user";
        var parts = item.Items("content").ToList();
        return new PromptMessage(role == "developer" ? "system" : role, TextOf(item, "content"))
        {
            Images = [.. parts.Where(part => part.Text("type") == "input_image").Select(part => ImageUrl.Read(part.Text("image_url")))],
        };
    }
}
