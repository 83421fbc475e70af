using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Reads Anthropic's message bodies; what LM Studio does not know is ignored.</summary>
internal static class MessagesPrompt
{
    public static GenerationRequest Read(JsonElement body)
    {
        var messages = body.Items("messages").ToList();
        if (messages.Count == 0) throw Invalid("messages: Field required");
        return new GenerationRequest
        {
            Messages = [.. System(body), .. messages.SelectMany(Turns)],
            MaxTokens = body.Number("max_tokens"),
            StopStrings = body.Texts("stop_sequences"),
            Tools =
            [
                .. body.Items("tools")
                    .Where(tool => tool.Object("input_schema") is not null)
                    .Select(tool => new ToolDefinition(tool.Text("name") ?? "", tool.Object("input_schema"))),
            ],
            ToolChoice = body.Object("tool_choice")?.Text("type") switch
            {
                "any" or "tool" => ToolChoice.Required,
                "none" => ToolChoice.None,
                _ => ToolChoice.Auto,
            },
            Reasoning = body.Object("thinking")?.Text("type") == "enabled",
        };
    }

    private static IEnumerable<PromptMessage> System(JsonElement body)
    {
        if (body.Field("system") is { } system) yield return new PromptMessage("system", TextOf(system));
    }

    /// <summary>One message is several turns when it carries tool results.</summary>
    private static IEnumerable<PromptMessage> Turns(JsonElement message)
    {
        var role = message.Text("role") is "user" or "assistant" ? message.Text("role")! : throw Invalid("messages: role must be 'user' or 'assistant'");
        if (message.Field("content") is not { } content) throw Invalid("messages: content: Field required");
        if (content.ValueKind == JsonValueKind.String)
        {
            yield return new PromptMessage(role, content.GetString()!);
            yield break;
        }

        var blocks = message.Items("content").ToList();
        var plain = blocks.Where(block => block.Text("type") != "tool_result").ToList();
        if (plain.Count > 0)
            yield return new PromptMessage(role, string.Concat(plain.Select(block => block.Text("text"))))
            {
                Images = [.. plain.Where(block => block.Text("type") == "image").Select(Image)],
                ToolCalls = [.. plain.Where(block => block.Text("type") == "tool_use").Select(Call)],
            };
        foreach (var result in blocks.Where(block => block.Text("type") == "tool_result"))
            yield return new PromptMessage("tool", result.Field("content") is { } answer ? TextOf(answer) : "") { ToolCallId = result.Text("tool_use_id") };
    }

    private static ToolCall Call(JsonElement block) =>
        new(block.Text("id") ?? "", block.Text("name") ?? "", block.Object("input")?.GetRawText() ?? "{}");

    private static PromptImage Image(JsonElement block)
    {
        var source = block.Object("source");
        return source?.Text("type") == "base64" && source.Value.Text("data") is { } data
            ? ImageUrl.FromBase64(data, source.Value.Text("media_type") ?? "image/png")
            : throw Invalid("messages: image source must be base64");
    }

    private static string TextOf(JsonElement content) => content.ValueKind == JsonValueKind.Array
        ? string.Concat(content.EnumerateArray().Select(block => block.Text("text")))
        : content.ValueKind == JsonValueKind.String ? content.GetString()! : "";

    private static HttpErrorException Invalid(string message) => HttpError.Anthropic(400, "invalid_request_error", message);
}
