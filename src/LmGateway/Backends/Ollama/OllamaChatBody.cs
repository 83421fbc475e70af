using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>Writes a generation as the body of a streamed <c>/api/chat</c>: images as bare base64, arguments as objects, sampling in <c>options</c>.</summary>
internal static class OllamaChatBody
{
    public static ReadOnlyMemory<byte> Write(string model, ChatRequest request) => OllamaApi.Body(writer =>
    {
        writer.WriteString("model", model);
        writer.WriteBoolean("stream", true);
        writer.WriteStartArray("messages");
        var called = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var message in request.Messages) WriteMessage(writer, message, called);
        writer.WriteEndArray();
        WriteOptions(writer, request);
        if (request.Reasoning is { } effort) WriteThinking(writer, effort);
        if (request.ToolChoice != "none") WriteTools(writer, request.Tools);
        if (request.JsonSchema is not { } schema) return;
        writer.WritePropertyName("format");
        schema.WriteTo(writer);
    });

    private static void WriteMessage(Utf8JsonWriter writer, ChatMessage message, Dictionary<string, string> called)
    {
        writer.WriteStartObject();
        writer.WriteString("role", message.Role switch { ChatRole.System => "system", ChatRole.Assistant => "assistant", ChatRole.Tool => "tool", _ => "user" });
        writer.WriteString("content", message.Text);
        if (message.Images.Count > 0)
        {
            writer.WriteStartArray("images");
            foreach (var image in message.Images) writer.WriteBase64StringValue(image.Data.Span);
            writer.WriteEndArray();
        }

        if (message.ToolCalls.Count > 0)
        {
            writer.WriteStartArray("tool_calls");
            foreach (var call in message.ToolCalls) WriteCall(writer, call, called);
            writer.WriteEndArray();
        }

        if (message.ToolCallId is { } id)
        {
            writer.WriteString("tool_call_id", id);
            if (called.TryGetValue(id, out var name)) writer.WriteString("tool_name", name);
        }

        writer.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter writer, ChatToolCall call, Dictionary<string, string> called)
    {
        called[call.Id] = call.Name;
        writer.WriteStartObject();
        writer.WriteString("id", call.Id);
        writer.WriteStartObject("function");
        writer.WriteString("name", call.Name);
        writer.WritePropertyName("arguments");
        ArgumentsOf(call).WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Arguments that a model cut short are no object; the call is then remembered without them.</summary>
    private static JsonElement ArgumentsOf(ChatToolCall call)
    {
        try
        {
            var arguments = JsonElement.Parse(call.Arguments);
            if (arguments.ValueKind == JsonValueKind.Object) return arguments;
        }
        catch (JsonException)
        {
            // As below.
        }

        return JsonElement.Parse("{}");
    }

    private static void WriteOptions(Utf8JsonWriter writer, ChatRequest request)
    {
        writer.WriteStartObject("options");
        if (request.MaxTokens is { } most) writer.WriteNumber("num_predict", most);
        if (request.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        if (request.TopP is { } topP) writer.WriteNumber("top_p", topP);
        if (request.TopK is { } topK) writer.WriteNumber("top_k", topK);
        if (request.PresencePenalty is { } presence) writer.WriteNumber("presence_penalty", presence);
        if (request.FrequencyPenalty is { } frequency) writer.WriteNumber("frequency_penalty", frequency);
        if (request.RepeatPenalty is { } repeat) writer.WriteNumber("repeat_penalty", repeat);
        if (request.Seed is { } seed) writer.WriteNumber("seed", seed);
        if (request.Stop.Count > 0)
        {
            writer.WriteStartArray("stop");
            foreach (var stop in request.Stop) writer.WriteStringValue(stop);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteThinking(Utf8JsonWriter writer, string effort)
    {
        if (effort == "none") writer.WriteBoolean("think", false);
        else if (effort == "on") writer.WriteBoolean("think", true);
        else writer.WriteString("think", effort);
    }

    private static void WriteTools(Utf8JsonWriter writer, IReadOnlyList<ChatTool> tools)
    {
        if (tools.Count == 0) return;
        writer.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", tool.Name);
            if (tool.Description is { } description) writer.WriteString("description", description);
            writer.WritePropertyName("parameters");
            (tool.Parameters ?? JsonElement.Parse("""{"type":"object","properties":{}}""")).WriteTo(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
