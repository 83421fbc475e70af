using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using LmGateway.Serving.Images;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>The arguments of <c>chat</c> as a generation.</summary>
internal static class ChatArguments
{
    public static ChatRequest Read(ToolArguments arguments) => new()
    {
        Messages = Messages(arguments),
        Temperature = arguments.Number("temperature", 0, 2),
        MaxTokens = arguments.Whole("max_tokens", 1, int.MaxValue),
        JsonSchema = Schema(arguments),
    };

    /// <summary>With the parameters of the model that answers, where the call has none.</summary>
    public static ChatRequest With(ChatRequest request, InferenceDefaults defaults) => request with
    {
        Temperature = request.Temperature ?? defaults.Temperature,
        MaxTokens = request.MaxTokens ?? defaults.MaxTokens,
        TopP = defaults.TopP,
        TopK = defaults.TopK,
        RepeatPenalty = defaults.RepeatPenalty,
        Stop = defaults.StopStrings ?? [],
    };

    private static List<ChatMessage> Messages(ToolArguments arguments)
    {
        var messages = new List<ChatMessage>();
        if (arguments.Text("system") is { Length: > 0 } system) messages.Add(new ChatMessage(ChatRole.System, system));
        if (arguments.Find("messages") is { } earlier) messages.AddRange(Earlier(earlier));
        var prompt = arguments.Text("prompt");
        if (string.IsNullOrWhiteSpace(prompt) && messages is not [.., { Role: ChatRole.User }]) throw ToolArguments.Fault("prompt", "Missing required field: prompt");
        if (!string.IsNullOrWhiteSpace(prompt)) messages.Add(new ChatMessage(ChatRole.User, prompt));
        if (arguments.Texts("images") is { Count: > 0 } images) messages[^1] = messages[^1] with { Images = [.. images.Select(Image)] };
        return messages;
    }

    private static IEnumerable<ChatMessage> Earlier(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array) throw Wrong();
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("role", out var role) || !item.TryGetProperty("content", out var content)) throw Wrong();
            yield return new ChatMessage(Role(ToolArguments.TextOf(role)), ToolArguments.TextOf(content) ?? throw Wrong());
        }
    }

    private static ChatRole Role(string? role) => role switch
    {
        "system" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        _ => throw Wrong(),
    };

    private static GatewayException Wrong() =>
        ToolArguments.Fault("messages", "Field 'messages' must be a list of {role, content}, with the role system, user or assistant and a text as content.");

    /// <summary>An object, or the same as text.</summary>
    private static JsonElement? Schema(ToolArguments arguments)
    {
        if (arguments.Find("json_schema") is not { } value) return null;
        try
        {
            if (ToolArguments.TextOf(value) is { } text) value = JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            throw ToolArguments.Fault("json_schema", "Field 'json_schema' is not valid JSON.");
        }

        return value.ValueKind == JsonValueKind.Object ? value : throw ToolArguments.Fault("json_schema", "Field 'json_schema' must be a JSON schema (an object).");
    }

    /// <summary>Base64, or a whole data URL. What the bytes are counts for more than what is said of them.</summary>
    private static ChatImage Image(string text)
    {
        var characters = text.AsSpan().Trim();
        if (characters.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            var comma = characters.IndexOf(',');
            if (comma < 0 || !characters[..comma].EndsWith(";base64", StringComparison.OrdinalIgnoreCase)) throw Unusable("a data URL must be base64: data:image/png;base64,…");
            characters = characters[(comma + 1)..];
        }

        if (!Base64.IsValid(characters, out var length) || length == 0) throw Unusable("base64 data is expected");
        var data = new byte[length];
        Base64.DecodeFromUtf8(Encoding.UTF8.GetBytes(characters.ToString()), data, out _, out _);
        return ImageHeader.Read(data, out var header) is { } problem ? throw Unusable(problem) : new ChatImage(header.MediaType, data);
    }

    private static GatewayException Unusable(string problem) => ToolArguments.Fault("images", $"Field 'images': {problem}.");
}
