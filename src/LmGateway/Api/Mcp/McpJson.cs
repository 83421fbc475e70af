using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LmGateway.Api.Mcp;

/// <summary>Makes JSON by writing it.</summary>
internal static class McpJson
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One value.</summary>
    public static JsonElement Of(Action<Utf8JsonWriter> write) => JsonElement.Parse(Bytes(write).Span);

    /// <summary>An object.</summary>
    public static JsonElement Object(Action<Utf8JsonWriter> writeMembers) => Of(writer =>
    {
        writer.WriteStartObject();
        writeMembers(writer);
        writer.WriteEndObject();
    });

    /// <summary>The bytes of one value.</summary>
    public static ReadOnlyMemory<byte> Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable)) write(writer);
        return buffer.WrittenMemory;
    }

    /// <summary>A value as text with nothing escaped that need not be.</summary>
    public static string Text(JsonElement value) => Encoding.UTF8.GetString(Bytes(value.WriteTo).Span);

    /// <summary>The member, where there is a value.</summary>
    public static void WriteGiven(this Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null) writer.WriteString(name, text);
    }

    public static void WriteGiven(this Utf8JsonWriter writer, string name, double? number)
    {
        if (number is { } given) writer.WriteNumber(name, given);
    }
}
