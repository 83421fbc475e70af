using System.Text.Json;

namespace LmStudio.Simulator.Http;

/// <summary>Reads the members of request bodies; null counts as absent.</summary>
internal static class Fields
{
    public static JsonElement? Field(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement json, string name) => json.Field(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool Flag(this JsonElement json, string name) => json.Field(name) is { ValueKind: JsonValueKind.True };

    public static JsonElement? Object(this JsonElement json, string name) => json.Field(name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    public static IEnumerable<JsonElement> Items(this JsonElement json, string name) =>
        json.Field(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    /// <summary>A whole number; a fraction is cut off.</summary>
    /// <exception cref="HttpErrorException">It is there and not a number.</exception>
    public static int? Number(this JsonElement json, string name)
    {
        if (json.Field(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number) throw HttpError.Plain($"'{name}' must be a number");
        return (int)Math.Clamp(value.GetDouble(), int.MinValue, int.MaxValue);
    }

    /// <summary>A string, or an array of strings; null when it is anything else.</summary>
    public static IReadOnlyList<string>? OnlyTexts(this JsonElement json, string name) => json.Field(name) switch
    {
        { ValueKind: JsonValueKind.String } => json.Texts(name),
        { ValueKind: JsonValueKind.Array } value when json.Texts(name) is var texts && texts.Count == value.GetArrayLength() => texts,
        _ => null,
    };

    /// <summary>A string, or an array of strings; what is no string is left out.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement json, string name) => json.Field(name) switch
    {
        { ValueKind: JsonValueKind.String } value => [value.GetString()!],
        { ValueKind: JsonValueKind.Array } value =>
            [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        _ => [],
    };
}
