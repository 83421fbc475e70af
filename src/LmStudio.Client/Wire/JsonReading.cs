using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Forgiving reads: what is missing or of another kind is null.</summary>
internal static class JsonReading
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? member
            : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.String } member ? member.LenientString() : null;

    public static double? Number(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Number } member && member.TryGetDouble(out var number) ? number : null;

    public static long? Int64(this JsonElement element, string name) =>
        element.Number(name) is { } number && Math.Abs(number) < long.MaxValue ? (long)number : null;

    public static int? Int32(this JsonElement element, string name) =>
        element.Number(name) is { } number && Math.Abs(number) <= int.MaxValue ? (int)number : null;

    public static bool? Flag(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } member ? member.GetBoolean() : null;

    /// <summary>
    /// The string, half surrogate pairs and all: a token may end in the middle of one, and the next token brings the other half.
    /// </summary>
    public static string LenientString(this JsonElement text)
    {
        try
        {
            return text.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Unescape(text.GetRawText().AsSpan()[1..^1]);
        }
    }

    private static string Unescape(ReadOnlySpan<char> raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            var escape = raw[++i];
            if (escape == 'u')
            {
                text.Append((char)ushort.Parse(raw.Slice(i + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
            {
                text.Append(escape switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', _ => escape });
            }
        }

        return text.ToString();
    }

    public static IReadOnlyList<string> Texts(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } member
            ? [.. member.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.LenientString())]
            : [];
}
