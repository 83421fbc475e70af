using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>Reads and strictly validates bodies of the native chat.</summary>
internal static class NativeChatPrompt
{
    private static readonly string[] Known =
    [
        "model", "input", "system_prompt", "integrations", "stream", "temperature", "top_p", "top_k", "min_p", "repeat_penalty",
        "max_output_tokens", "reasoning", "context_length", "store", "previous_response_id",
    ];

    public static JsonElement Body(HttpExchange exchange)
    {
        var body = NativeModelRoutes.CheckedText(exchange, Known, "model");
        if (body.Field("input") is null) throw HttpError.Native(400, "invalid_request", "\"input\" is required", "missing_required_parameter", "input");
        if (body.Field("temperature") is { } temperature && !(temperature.ValueKind == JsonValueKind.Number && temperature.GetDouble() is >= 0 and <= 1))
            throw Invalid("temperature", "must be a number between 0 and 1");
        if (body.Field("reasoning") is not null && body.Text("reasoning") is not ("off" or "low" or "medium" or "high" or "on"))
            throw Invalid("reasoning", "must be one of off, low, medium, high, on");
        return body;
    }

    public static GenerationRequest Read(JsonElement body, IReadOnlyList<PromptMessage> earlier) => new()
    {
        Messages = [.. System(body), .. earlier.Where(message => message.Role != "system" || body.Text("system_prompt") is null), User(body)],
        MaxTokens = body.Number("max_output_tokens"),
        Reasoning = body.Text("reasoning") is { } reasoning && reasoning != "off",
    };

    public static HttpErrorException Invalid(string param, string message) =>
        HttpError.Native(400, "invalid_request", $"\"{param}\" {message}", "invalid_value", param);

    private static IEnumerable<PromptMessage> System(JsonElement body)
    {
        if (body.Text("system_prompt") is { } prompt) yield return new PromptMessage("system", prompt);
    }

    private static PromptMessage User(JsonElement body)
    {
        if (body.Text("input") is { } text) return new PromptMessage("user", text);
        if (body.Field("input") is not { ValueKind: JsonValueKind.Array }) throw Invalid("input", "must be a string or an array");
        var items = body.Items("input").ToList();
        foreach (var item in items)
            if (item.Text("type") is not ("message" or "text" or "image")) throw Invalid("input", "items must be of type message or image");
        return new PromptMessage("user", string.Concat(items.Select(item => item.Text("content") ?? item.Text("text"))))
        {
            Images = [.. items.Where(item => item.Text("type") == "image").Select(Image)],
        };
    }

    private static PromptImage Image(JsonElement item)
    {
        try
        {
            return ImageUrl.Read(item.Text("data_url"));
        }
        catch (HttpErrorException)
        {
            throw Invalid("input", "image data_url must be a base64 encoded image");
        }
    }
}
