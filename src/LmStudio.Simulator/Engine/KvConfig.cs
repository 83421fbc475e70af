using System.Text.Json;

namespace LmStudio.Simulator.Engine;

/// <summary>One key and its value in LM Studio's configuration format.</summary>
public sealed record KvField(string Key, JsonElement Value);

/// <summary>An immutable LM Studio configuration: fields in order, the last one of a key wins.</summary>
public sealed class KvConfig
{
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly List<KvField> _fields = [];

    public KvConfig(IEnumerable<KvField> fields)
    {
        foreach (var field in fields)
        {
            if (!_values.TryAdd(field.Key, field.Value))
            {
                _values[field.Key] = field.Value;
                _fields.RemoveAll(earlier => earlier.Key == field.Key);
            }

            _fields.Add(field);
        }
    }

    public static KvConfig Empty { get; } = new([]);

    public IReadOnlyList<KvField> Fields => _fields;

    /// <summary>The value of a key, or null.</summary>
    public JsonElement? this[string key] => _values.TryGetValue(key, out var value) ? value : null;

    /// <summary>Reads <c>{"fields":[{"key","value"}]}</c>; anything else in it is ignored.</summary>
    public static KvConfig FromConfig(JsonElement config) => new(FieldsOf(config));

    /// <summary>Merges <c>{"layers":[{"layerName","config"}]}</c>: a later layer overwrites an earlier one key by key.</summary>
    public static KvConfig FromStack(JsonElement stack)
    {
        var configs = Items(stack, "layers")
            .Where(layer => layer.ValueKind == JsonValueKind.Object && layer.TryGetProperty("config", out _))
            .Select(layer => layer.GetProperty("config"));
        return new(configs.SelectMany(FieldsOf));
    }

    /// <summary>This configuration with one more field; <paramref name="json"/> is the value's JSON text.</summary>
    public KvConfig With(string key, string json) => new([.. _fields, new KvField(key, JsonElement.Parse(json))]);

    public bool? Bool(string key) => this[key] is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    public int? Int(string key) => this[key] is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;

    /// <summary>Writes <c>{"fields":[…]}</c>.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("fields");
        foreach (var field in _fields)
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

    private static IEnumerable<KvField> FieldsOf(JsonElement config) =>
        from field in Items(config, "fields")
        where field.ValueKind == JsonValueKind.Object
            && field.TryGetProperty("key", out var key) && key.ValueKind == JsonValueKind.String && field.TryGetProperty("value", out _)
        select new KvField(field.GetProperty("key").GetString()!, field.GetProperty("value").Clone());

    private static IEnumerable<JsonElement> Items(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray() : [];
}
