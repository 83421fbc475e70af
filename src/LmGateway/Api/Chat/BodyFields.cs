using System.Globalization;
using System.Text.Json;

namespace LmGateway.Api.Chat;

/// <summary>A field as it was sent.</summary>
internal readonly record struct BodyField(JsonElement Value, FieldPath Path);

/// <summary>
/// Reads the fields of an object and notes every fault. Names are compared without case and underscores, so that <c>maxTokens</c> and
/// <c>max_tokens</c> are one; a null counts as absent where a field may be. As with FastAPI, a number or a flag may stand in a text.
/// </summary>
internal sealed class BodyFields
{
    private const int LongestName = 1024;

    private readonly JsonElement element;
    private readonly List<FieldFault> faults;

    private BodyFields(JsonElement element, FieldPath path, List<FieldFault> faults) => (this.element, Path, this.faults) = (element, path, faults);

    public FieldPath Path { get; }

    /// <summary>Null, and a fault, where the value is no object.</summary>
    public static BodyFields? Of(JsonElement value, FieldPath path, List<FieldFault> faults)
    {
        if (value.ValueKind == JsonValueKind.Object) return new BodyFields(value, path, faults);
        faults.Add(FieldFault.Wrong("model_attributes_type", path, value));
        return null;
    }

    public void Note(FieldFault fault) => faults.Add(fault);

    /// <summary>The field, null where it is absent or null.</summary>
    public BodyField? Find(params ReadOnlySpan<string> names) => Sent(names) is { Value.ValueKind: not JsonValueKind.Null } field ? field : null;

    /// <summary>The field, which may be null; a fault where it is absent.</summary>
    public BodyField? Require(params ReadOnlySpan<string> names)
    {
        if (Sent(names) is { } field) return field;
        Note(FieldFault.Missing(Path.Of(names[0]), element));
        return null;
    }

    public string? Text(params ReadOnlySpan<string> names) => Find(names) is { } field ? TextOf(field) : null;

    /// <summary>A name of 1 to 1024 characters; empty where there is a fault.</summary>
    public string RequiredName(params ReadOnlySpan<string> names) => Require(names) is { } field && NameOf(field) is { } name ? name : "";

    /// <summary>The same where it may be absent; an empty text is as good as none.</summary>
    public string? Name(params ReadOnlySpan<string> names) =>
        Find(names) is { } field && !(field.Value.ValueKind == JsonValueKind.String && field.Value.ValueEquals("")) ? NameOf(field) : null;

    public double? Number(double min, double max, params ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } field) return null;
        double number;
        switch (field.Value.ValueKind)
        {
            case JsonValueKind.Number:
                number = field.Value.GetDouble();
                break;
            case JsonValueKind.String when double.TryParse(TextOf(field), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number):
                break;
            default:
                Note(FieldFault.Wrong(field.Value.ValueKind == JsonValueKind.String ? "float_parsing" : "float_type", field.Path, field.Value));
                return null;
        }

        return InRange(field, number, min, max) ? number : null;
    }

    public int? Whole(double min, params ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } field) return null;
        var value = field.Value;
        var number = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.String when long.TryParse(TextOf(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) => parsed,
            _ => double.NaN,
        };
        var problem = (value.ValueKind, number) switch
        {
            (JsonValueKind.String, double.NaN) => "int_parsing",
            (_, double.NaN) => "int_type",
            _ when Math.Abs(number) > int.MaxValue => "int_parsing_size",
            _ when number != Math.Floor(number) => "int_from_float",
            _ => null,
        };
        if (problem is not null) Note(FieldFault.Wrong(problem, field.Path, value));
        return problem is null && InRange(field, number, min, int.MaxValue) ? (int)number : null;
    }

    public bool Flag(params ReadOnlySpan<string> names)
    {
        if (Find(names) is not { } field) return false;
        bool? flag = field.Value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number or JsonValueKind.String => field.Value.ToString().ToLowerInvariant() switch
            {
                "1" or "true" or "t" or "yes" or "y" or "on" => true,
                "0" or "false" or "f" or "no" or "n" or "off" => false,
                _ => null,
            },
            _ => null,
        };
        if (flag is null) Note(FieldFault.Wrong(field.Value.ValueKind is JsonValueKind.Number or JsonValueKind.String ? "bool_parsing" : "bool_type", field.Path, field.Value));
        return flag ?? false;
    }

    /// <summary>A nested object; null where it is absent.</summary>
    public BodyFields? Section(params ReadOnlySpan<string> names) => Find(names) is { } field ? Of(field.Value, field.Path, faults) : null;

    /// <summary>The objects of a list; none where the field is no list.</summary>
    public IEnumerable<BodyFields> Items(BodyField field)
    {
        if (field.Value.ValueKind != JsonValueKind.Array)
        {
            Note(FieldFault.Wrong("list_type", field.Path, field.Value));
            yield break;
        }

        var index = 0;
        foreach (var item in field.Value.EnumerateArray())
            if (Of(item, field.Path.At(index++), faults) is { } fields) yield return fields;
    }

    private BodyField? Sent(ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            BodyField? found = null;
            foreach (var property in element.EnumerateObject())
                if (IsSame(property.Name, name)) found = new BodyField(property.Value, Path.Of(property.Name));
            if (found is not null) return found;
        }

        return null;
    }

    private string? TextOf(BodyField field)
    {
        if (field.Value.ValueKind != JsonValueKind.String)
        {
            Note(FieldFault.Wrong("string_type", field.Path, field.Value));
            return null;
        }

        try
        {
            return field.Value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as an escape.
            Note(FieldFault.Wrong("string_unicode", field.Path, field.Value));
            return null;
        }
    }

    private string? NameOf(BodyField field)
    {
        var name = TextOf(field);
        if (name is { Length: > 0 and <= LongestName }) return name;
        if (name is not null) Note(name.Length == 0 ? FieldFault.EmptyText(field.Path, field.Value) : FieldFault.LongText(field.Path, field.Value, LongestName));
        return null;
    }

    private bool InRange(BodyField field, double number, double min, double max)
    {
        if (number < min) Note(FieldFault.BelowMinimum(field.Path, field.Value, min));
        if (number > max) Note(FieldFault.AboveMaximum(field.Path, field.Value, max));
        return number >= min && number <= max;
    }

    private static bool IsSame(string sent, string name) =>
        sent == name || string.Equals(sent.Replace("_", "", StringComparison.Ordinal), name.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
}
