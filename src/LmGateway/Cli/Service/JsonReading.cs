using System.Text.Json;

namespace LmGateway.Cli.Service;

/// <summary>Reads members of replies: what is missing or of another type is null.</summary>
internal static class JsonReading
{
    public static JsonElement? Member(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    public static string? Text(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static long? Whole(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    public static double? Number(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;

    public static bool Flag(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.True };

    public static IReadOnlyList<JsonElement> Items(this JsonElement json, string name) => json.Member(name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : [];

    public static IReadOnlyList<string> Texts(this JsonElement json, string name) => [.. json.Items(name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)];

    /// <summary>The members of an object into one that is open.</summary>
    public static void WriteMembers(this JsonElement json, Utf8JsonWriter writer)
    {
        foreach (var member in json.EnumerateObject()) member.WriteTo(writer);
    }
}
