using System.Text.Json;

namespace LmGateway.Backends.Wire;

/// <summary>Members of other programs' JSON: each may be missing, null, or of another kind than it should be.</summary>
internal static class JsonMembers
{
    /// <summary>A member that is there and not null.</summary>
    public static JsonElement? Member(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) && member.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? member : null;

    public static string? Text(this JsonElement json, string name) => Member(json, name)?.Text();

    /// <summary>The text itself; null for what is none. Half of a surrogate pair is no text.</summary>
    public static string? Text(this JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.String) return null;
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return "\uFFFD";
        }
    }

    public static long? Whole(this JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : null;

    public static double? Number(this JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) ? value : null;

    public static bool IsTrue(this JsonElement json, string name) => Member(json, name) is { ValueKind: JsonValueKind.True };

    /// <summary>The items of a list; none where there is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>An object inside; an empty element where there is none, whose members are all missing.</summary>
    public static JsonElement Section(this JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.Object } section ? section : default;
}
