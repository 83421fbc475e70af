using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LmStudio.Simulator.Engine;

/// <summary>
/// JSON text that fits a simple JSON schema: every property is filled in, numbers and strings taken from a text where it
/// has some. Knows type, enum, const, default, properties, items, anyOf, oneOf, allOf, $ref and the usual bounds.
/// </summary>
internal sealed partial class SchemaExample
{
    private const int MaxDepth = 16;

    private readonly JsonElement _root;
    private readonly string _text;
    private readonly Queue<string> _numbers;

    private SchemaExample(JsonElement root, string text)
    {
        (_root, _text) = (root, text);
        _numbers = new Queue<string>(Number().Matches(text).Select(match => match.Value));
    }

    public static string For(JsonElement schema, string text)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) new SchemaExample(schema, text).Write(writer, schema, "", 0);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter writer, JsonElement schema, string name, int depth)
    {
        schema = Followed(schema, depth);
        if (depth > MaxDepth || schema.ValueKind != JsonValueKind.Object)
        {
            writer.WriteNullValue();
            return;
        }

        if (Literal(schema) is { } literal)
        {
            literal.WriteTo(writer);
            return;
        }

        switch (TypeOf(schema))
        {
            case "object": WriteObject(writer, schema, depth); break;
            case "array": WriteArray(writer, schema, name, depth); break;
            case "integer": writer.WriteNumberValue((long)NumberFor(schema)); break;
            case "number": writer.WriteNumberValue(NumberFor(schema)); break;
            case "boolean": writer.WriteBooleanValue(true); break;
            case "null": writer.WriteNullValue(); break;
            default: writer.WriteStringValue(StringFor(schema)); break;
        }
    }

    private void WriteObject(Utf8JsonWriter writer, JsonElement schema, int depth)
    {
        writer.WriteStartObject();
        var any = false;
        if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in properties.EnumerateObject())
            {
                any = true;
                writer.WritePropertyName(property.Name);
                Write(writer, property.Value, property.Name, depth + 1);
            }
        }

        var open = !schema.TryGetProperty("additionalProperties", out var additional) || additional.ValueKind != JsonValueKind.False;
        if (!any && open && depth == 0) writer.WriteString("answer", _text);
        writer.WriteEndObject();
    }

    private void WriteArray(Utf8JsonWriter writer, JsonElement schema, string name, int depth)
    {
        writer.WriteStartArray();
        var count = Math.Clamp((int)(Bound(schema, "minItems") ?? 1), 1, 100);
        for (var item = 0; item < count; item++)
        {
            if (schema.TryGetProperty("items", out var items)) Write(writer, items, name, depth + 1);
            else writer.WriteStringValue("item");
        }

        writer.WriteEndArray();
    }

    private double NumberFor(JsonElement schema)
    {
        var number = _numbers.TryDequeue(out var text) && double.TryParse(text, CultureInfo.InvariantCulture, out var found) ? found : 1;
        if (Bound(schema, "minimum") is { } minimum) number = Math.Max(number, minimum);
        if (Bound(schema, "exclusiveMinimum") is { } above) number = Math.Max(number, above + 1);
        if (Bound(schema, "maximum") is { } maximum) number = Math.Min(number, maximum);
        return number;
    }

    private string StringFor(JsonElement schema)
    {
        var quoted = Quoted().Match(_text);
        var text = quoted.Success ? quoted.Groups["text"].Value : Word().Matches(_text).LastOrDefault()?.Value ?? "text";
        if (Bound(schema, "minLength") is { } least) text = text.PadRight((int)Math.Min(least, 10_000), 'x');
        return Bound(schema, "maxLength") is { } most && text.Length > most ? text[..(int)most] : text;
    }

    private JsonElement Followed(JsonElement schema, int depth)
    {
        for (var hop = 0; hop + depth <= MaxDepth && schema.ValueKind == JsonValueKind.Object; hop++)
        {
            if (schema.TryGetProperty("$ref", out var reference) && Pointed(reference) is { } target) schema = target;
            else if (First(schema, "anyOf") is { } any) schema = any;
            else if (First(schema, "oneOf") is { } one) schema = one;
            else if (First(schema, "allOf") is { } all) schema = all;
            else break;
        }

        return schema;
    }

    private JsonElement? Pointed(JsonElement reference)
    {
        if (reference.ValueKind != JsonValueKind.String) return null;
        var here = _root;
        foreach (var part in reference.GetString()!.Split('/').Skip(1))
            if (here.ValueKind != JsonValueKind.Object || !here.TryGetProperty(part, out here)) return null;
        return here;
    }

    private static JsonElement? First(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 ? list[0] : null;

    private static JsonElement? Literal(JsonElement schema) =>
        schema.TryGetProperty("const", out var constant) ? constant
        : First(schema, "enum") is { } first ? first
        : schema.TryGetProperty("default", out var value) ? value
        : null;

    private static string TypeOf(JsonElement schema)
    {
        if (schema.TryGetProperty("type", out var type))
        {
            if (type.ValueKind == JsonValueKind.String) return type.GetString()!;
            if (type.ValueKind == JsonValueKind.Array && type.GetArrayLength() > 0) return type[0].GetString() ?? "string";
        }

        return schema.TryGetProperty("properties", out _) ? "object" : schema.TryGetProperty("items", out _) ? "array" : "string";
    }

    private static double? Bound(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var bound) && bound.ValueKind == JsonValueKind.Number ? bound.GetDouble() : null;

    [GeneratedRegex(@"-?\d+(?:\.\d+)?", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();

    [GeneratedRegex("[\"“](?<text>[^\"”]+)[\"”]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\p{L}[\p{L}\p{N}-]*", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();
}
