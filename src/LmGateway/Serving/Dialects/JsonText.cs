using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace LmGateway.Serving.Dialects;

/// <summary>What this folder needs of JSON's text beyond the reader: checked UTF-8, safe copies, quoted strings.</summary>
internal static class JsonText
{
    public static JsonReaderOptions Strict { get; } = new() { MaxDepth = 256 };

    /// <summary>The unescaped text of a string or name; 0 characters where its escapes make no text (half a surrogate pair).</summary>
    public static int Copy(ref Utf8JsonReader reader, scoped Span<char> target)
    {
        try
        {
            return reader.CopyString(target);
        }
        catch (InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>The text of a string, or null where its escapes make no text.</summary>
    public static string? Read(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The same; where it is <paramref name="likely"/>, that very string.</summary>
    public static string? Read(ref Utf8JsonReader reader, string likely) => !reader.ValueIsEscaped && reader.ValueTextEquals(likely) ? likely : Read(ref reader);

    /// <summary>Whether the reader's string or name is this text, however it is escaped.</summary>
    public static bool Is(ref Utf8JsonReader reader, ReadOnlySpan<byte> text) =>
        reader.ValueIsEscaped || reader.HasValueSequence ? IsUnusual(ref reader, text) : reader.ValueSpan.SequenceEqual(text);

    /// <summary>A JSON string with its quotes.</summary>
    public static byte[] Quote(string text) => Quote(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);

    /// <summary>The same of text that is UTF-8 already.</summary>
    public static byte[] QuoteUtf8(ReadOnlySpan<byte> text) => Quote(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);

    /// <summary>One JSON value from beginning to end.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, Strict);
            reader.Read();
            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static bool Contains(in ReadOnlySequence<byte> body, ReadOnlySpan<byte> text)
    {
        if (body.IsSingleSegment) return body.FirstSpan.IndexOf(text) >= 0;
        var reader = new SequenceReader<byte>(body);
        return reader.TryReadTo(out ReadOnlySequence<byte> _, text);
    }

    /// <summary>Whether these bytes are UTF-8; the JSON reader itself does not look inside strings.</summary>
    public static bool IsUtf8(in ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment) return Utf8.IsValid(body.FirstSpan);
        Span<byte> seam = stackalloc byte[8];
        var held = 0;
        foreach (var memory in body)
        {
            var piece = memory.Span;
            while (held > 0 && !piece.IsEmpty)
            {
                seam[held++] = piece[0];
                piece = piece[1..];
                if (IncompleteTail(seam[..held]) == held) continue;
                if (!Utf8.IsValid(seam[..held])) return false;
                held = 0;
            }

            var tail = IncompleteTail(piece);
            if (!Utf8.IsValid(piece[..^tail])) return false;
            if (tail == 0) continue;
            piece[^tail..].CopyTo(seam);
            held = tail;
        }

        return held == 0;
    }

    /// <summary>How many bytes at the end begin a character that more bytes could complete: 0 to 3.</summary>
    public static int IncompleteTail(ReadOnlySpan<byte> text)
    {
        for (var length = 1; length <= Math.Min(3, text.Length); length++)
        {
            if ((text[^length] & 0xC0) == 0x80) continue;
            return Rune.DecodeFromUtf8(text[^length..], out _, out _) == OperationStatus.NeedMoreData ? length : 0;
        }

        return 0;
    }

    /// <summary>With escapes, or cut in two.</summary>
    private static bool IsUnusual(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
    {
        try
        {
            return reader.ValueTextEquals(text);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static byte[] Quote(ReadOnlySpan<byte> encoded)
    {
        var quoted = new byte[encoded.Length + 2];
        quoted[0] = quoted[^1] = (byte)'"';
        encoded.CopyTo(quoted.AsSpan(1));
        return quoted;
    }
}
