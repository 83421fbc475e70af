using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>The tool calls of a whole message: each with an id, a type, and arguments that are JSON in a string.</summary>
internal static class WholeToolCalls
{
    /// <summary>Reads the value of <c>tool_calls</c>, whose name the reader stands on; returns whether it holds any call.</summary>
    public static bool Read(ref Utf8JsonReader reader, BodySplice splice, ReadOnlyMemory<byte> json, string requestId, int choice)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return false;
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("'tool_calls' is no array.");
        var count = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
        {
            if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException("A tool call is no object.");
            Call(ref reader, splice, json, string.Create(CultureInfo.InvariantCulture, $"call_{requestId}_{choice}_{count}"));
        }

        return count > 0;
    }

    private static void Call(ref Utf8JsonReader reader, BodySplice splice, ReadOnlyMemory<byte> json, string ownId)
    {
        var inside = reader.BytesConsumed;
        var (hasId, hasType, members) = (false, false, 0);
        for (; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; members++)
        {
            if (JsonText.Is(ref reader, "id"u8)) hasId = Fill(ref reader, splice, ownId);
            else if (JsonText.Is(ref reader, "type"u8)) hasType = Fill(ref reader, splice, "function");
            else if (JsonText.Is(ref reader, "function"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartObject) Function(ref reader, splice, json);
            else if (reader.TokenType == JsonTokenType.PropertyName) reader.Read();
            reader.Skip();
        }

        List<string> missing = [];
        if (!hasId) missing.Add($"\"id\":\"{ownId}\"");
        if (!hasType) missing.Add("\"type\":\"function\"");
        if (missing.Count > 0) splice.Insert(inside, Encoding.UTF8.GetBytes(string.Join(',', missing) + (members > 0 ? "," : "")));
    }

    /// <summary>Puts text in the place of what is empty or no string, and of a type in capitals.</summary>
    private static bool Fill(ref Utf8JsonReader reader, BodySplice splice, string text)
    {
        reader.Read();
        var start = reader.TokenStartIndex;
        var value = reader.TokenType == JsonTokenType.String ? JsonText.Read(ref reader) : null;
        reader.Skip();
        if (string.IsNullOrEmpty(value) || (value != text && string.Equals(value, text, StringComparison.OrdinalIgnoreCase)))
            splice.Replace(start, reader.BytesConsumed - start, JsonText.Quote(text));
        return true;
    }

    private static void Function(ref Utf8JsonReader reader, BodySplice splice, ReadOnlyMemory<byte> json)
    {
        var inside = reader.BytesConsumed;
        var (hasArguments, members) = (false, 0);
        for (; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; members++)
        {
            var isArguments = JsonText.Is(ref reader, "arguments"u8);
            reader.Read();
            var (start, kind) = (reader.TokenStartIndex, reader.TokenType);
            var nothing = kind == JsonTokenType.Null || (kind == JsonTokenType.String && reader.ValueSpan.IsEmpty);
            reader.Skip();
            if (!isArguments) continue;
            hasArguments = true;
            var length = reader.BytesConsumed - start;
            if (nothing) splice.Replace(start, length, "\"{}\""u8.ToArray());
            else if (kind != JsonTokenType.String) splice.Replace(start, length, JsonText.QuoteUtf8(json.Span.Slice((int)start, (int)length)));
        }

        if (!hasArguments) splice.Insert(inside, members > 0 ? "\"arguments\":\"{}\","u8.ToArray() : "\"arguments\":\"{}\""u8.ToArray());
    }
}
