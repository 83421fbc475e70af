using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A configuration as LM Studio keeps it: keys and free-form values.</summary>
public sealed record KvConfig(IReadOnlyList<KvField> Fields)
{
    /// <summary>No settings.</summary>
    public static KvConfig Empty { get; } = new([]);

    /// <summary>The value of a key, or null.</summary>
    public JsonElement? Find(string key) => Fields.FirstOrDefault(field => field.Key == key)?.Value;

    internal static KvConfig? TryRead(JsonElement json) =>
        json.Member("fields") is { ValueKind: JsonValueKind.Array } fields ? new KvConfig([.. fields.EnumerateArray().Select(Field).OfType<KvField>()]) : null;

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("fields");
        foreach (var field in Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("key", field.Key);
            writer.WritePropertyName("value");
            field.Value.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Writes the configuration as the one layer that a client sends; null writes no layer.</summary>
    internal static void WriteStack(Utf8JsonWriter writer, string name, KvConfig? config)
    {
        writer.WriteStartObject(name);
        writer.WriteStartArray("layers");
        if (config is not null)
        {
            writer.WriteStartObject();
            writer.WriteString("layerName", "apiOverride");
            writer.WritePropertyName("config");
            config.Write(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static KvField? Field(JsonElement json) =>
        json.Text("key") is { } key && json.TryGetProperty("value", out var value) ? new KvField(key, value) : null;
}

/// <summary>One setting.</summary>
public sealed record KvField(string Key, JsonElement Value);
