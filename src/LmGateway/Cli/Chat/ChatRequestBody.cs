using System.Text.Json;
using LmGateway.Cli.Output;

namespace LmGateway.Cli.Chat;

/// <summary>A conversation as the body of a streamed chat completion.</summary>
internal static class ChatRequestBody
{
    public static string Of(ChatSettings settings, IReadOnlyList<Turn> turns) => CommandOutput.Object(writer =>
    {
        if (settings.Model is not null) writer.WriteString("model", settings.Model);
        writer.WriteBoolean("stream", value: true);
        writer.WriteStartObject("stream_options");
        writer.WriteBoolean("include_usage", value: true);
        writer.WriteEndObject();
        if (settings.MaxTokens is { } most) writer.WriteNumber("max_tokens", most);
        if (settings.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        writer.WriteStartArray("messages");
        if (settings.System is { Length: > 0 } system) Write(writer, new Turn("system", system));
        foreach (var turn in turns) Write(writer, turn);
        writer.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter writer, Turn turn)
    {
        writer.WriteStartObject();
        writer.WriteString("role", turn.Role);
        if (turn.Images.Count == 0) writer.WriteString("content", turn.Text);
        else WriteParts(writer, turn);
        writer.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter writer, Turn turn)
    {
        writer.WriteStartArray("content");
        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", turn.Text);
        writer.WriteEndObject();
        foreach (var image in turn.Images)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "image_url");
            writer.WriteStartObject("image_url");
            writer.WriteString("url", image);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
