using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Translation;

/// <summary>A request of LM Studio's own chat (<c>/api/v1/chat</c>) in no dialect.</summary>
internal static class NativeChatRequest
{
    public static ChatRequest Read(RequestBody body)
    {
        body.Refuse("previous_response_id", "needs LM Studio, which keeps conversations; send the whole conversation in 'input'");
        body.Refuse("integrations", "needs LM Studio, which runs them");
        var json = body.Json;
        return new ChatRequest
        {
            Messages = [.. System(json), User(json)],
            MaxTokens = body.Tokens("max_output_tokens"),
            Temperature = json.Number("temperature"),
            TopP = json.Number("top_p"),
            TopK = body.Tokens("top_k"),
            RepeatPenalty = json.Number("repeat_penalty"),
            Reasoning = json.Text("reasoning") switch { "off" => "none", var effort => effort },
        };
    }

    private static IEnumerable<ChatMessage> System(JsonElement json)
    {
        if (json.Text("system_prompt") is { Length: > 0 } prompt) yield return new ChatMessage(ChatRole.System, prompt);
    }

    private static ChatMessage User(JsonElement json)
    {
        if (json.Text("input") is { } text) return new ChatMessage(ChatRole.User, text);
        if (json.Member("input") is not { ValueKind: JsonValueKind.Array } items) throw RequestBody.Invalid("input", "'input' is required: a text or a list of items");
        var images = items.EnumerateArray().Select((item, place) => (item, place)).Where(pair => pair.item.Text("type") == "image");
        return new ChatMessage(ChatRole.User, string.Concat(items.EnumerateArray().Select(item => item.Text("content") ?? item.Text("text"))))
        {
            Images = [.. images.Select(pair => RequestBody.Image(pair.item.Text("data_url"), $"input[{pair.place}]"))],
        };
    }
}
