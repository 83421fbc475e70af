using System.Buffers;
using System.Text.Json;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>Puts the events of a stream together to the whole reply that the same request would have brought.</summary>
internal abstract class AnswerCollector
{
    /// <summary>The stream said that it is over.</summary>
    public bool IsDone { get; set; }

    public abstract void Take(JsonElement data);

    /// <summary>The reply as JSON; null where the stream ended too early.</summary>
    public abstract ReadOnlyMemory<byte>? Write();

    protected static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    protected static void Copy(Utf8JsonWriter writer, string name, JsonElement? value)
    {
        if (value is not { } json) return;
        writer.WritePropertyName(name);
        json.WriteTo(writer);
    }
}
