using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>Writes a generation as the body of a streamed OpenAI chat request.</summary>
internal static class OpenAiChatBody
{
    public static ReadOnlySequence<byte> Write(string model, ChatRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("model", model);
        writer.WriteBoolean("stream", true);
        writer.WriteStartObject("stream_options");
        writer.WriteBoolean("include_usage", true);
        writer.WriteEndObject();
        writer.WriteStartArray("messages");
        foreach (var message in request.Messages) WriteMessage(writer, message);
        writer.WriteEndArray();
        WriteParameters(writer, request);
        WriteTools(writer, request);
        WriteSchema(writer, request);
        writer.WriteEndObject();
        writer.Flush();
        return new ReadOnlySequence<byte>(buffer.WrittenMemory);
    }

    private static void WriteMessage(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartObject();
        writer.WriteString("role", message.Role switch { ChatRole.System => "system", ChatRole.Assistant => "assistant", ChatRole.Tool => "tool", _ => "user" });
        if (message.Images.Count > 0) WriteParts(writer, message);
        else writer.WriteString("content", message.Text);
        if (message.ToolCallId is { } id) writer.WriteString("tool_call_id", id);
        if (message.ToolCalls.Count > 0)
        {
            writer.WriteStartArray("tool_calls");
            foreach (var call in message.ToolCalls) WriteCall(writer, call);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>Images stand before the text, where LM Studio's own client puts them.</summary>
    private static void WriteParts(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartArray("content");
        foreach (var image in message.Images)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "image_url");
            writer.WriteStartObject("image_url");
            writer.WritePropertyName("url");
            writer.WriteRawValue(DataUri(image), skipInputValidation: true);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", message.Text);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    /// <summary>The JSON string as bytes: as text a large image would be copied and widened several times.</summary>
    private static byte[] DataUri(ChatImage image)
    {
        var head = Encoding.ASCII.GetBytes($"\"data:{image.MediaType};base64,");
        var uri = new byte[head.Length + Base64.GetMaxEncodedToUtf8Length(image.Data.Length) + 1];
        head.CopyTo(uri, 0);
        Base64.EncodeToUtf8(image.Data.Span, uri.AsSpan(head.Length), out _, out _);
        uri[^1] = (byte)'"';
        return uri;
    }

    private static void WriteCall(Utf8JsonWriter writer, ChatToolCall call)
    {
        writer.WriteStartObject();
        writer.WriteString("id", call.Id);
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", call.Name);
        writer.WriteString("arguments", call.Arguments);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, ChatRequest request)
    {
        if (request.MaxTokens is { } most) writer.WriteNumber("max_tokens", most);
        if (request.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        if (request.TopP is { } topP) writer.WriteNumber("top_p", topP);
        if (request.TopK is { } topK) writer.WriteNumber("top_k", topK);
        if (request.PresencePenalty is { } presence) writer.WriteNumber("presence_penalty", presence);
        if (request.FrequencyPenalty is { } frequency) writer.WriteNumber("frequency_penalty", frequency);
        if (request.RepeatPenalty is { } repeat) writer.WriteNumber("repeat_penalty", repeat);
        if (request.Seed is { } seed) writer.WriteNumber("seed", seed);
        if (request.Reasoning is { } effort && effort != "on") writer.WriteString("reasoning_effort", effort);
        if (request.Stop.Count == 0) return;
        writer.WriteStartArray("stop");
        foreach (var stop in request.Stop) writer.WriteStringValue(stop);
        writer.WriteEndArray();
    }

    private static void WriteTools(Utf8JsonWriter writer, ChatRequest request)
    {
        if (request.ToolChoice is { } choice) writer.WriteString("tool_choice", choice);
        if (request.Tools.Count == 0) return;
        writer.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", tool.Name);
            if (tool.Description is { } description) writer.WriteString("description", description);
            if (tool.Parameters is { } parameters)
            {
                writer.WritePropertyName("parameters");
                parameters.WriteTo(writer);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteSchema(Utf8JsonWriter writer, ChatRequest request)
    {
        if (request.JsonSchema is not { } schema) return;
        writer.WriteStartObject("response_format");
        writer.WriteString("type", "json_schema");
        writer.WriteStartObject("json_schema");
        writer.WriteString("name", "answer");
        writer.WriteBoolean("strict", true);
        writer.WritePropertyName("schema");
        schema.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
