using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>Says in words for callers what is wrong with JSON that cannot be read.</summary>
internal static class JsonFault
{
    /// <summary>A sentence with the place, counted from 1, and what was met there.</summary>
    public static string Describe(JsonException fault)
    {
        var text = fault.Message;
        var position = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (position >= 0) text = text[..position];
        // The reader's advice to its programmer says nothing to a caller.
        text = text.Replace(" Change the reader options.", "", StringComparison.Ordinal);
        return $"The request body is not valid JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1}): {text}";
    }
}
