using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>What a text costs where nobody counted: a token for every four bytes, as English text has on the average.</summary>
internal static class TokenEstimate
{
    private const int BytesPerToken = 4;

    /// <summary>A text without a blank that is longer than this is no text: an image, a file.</summary>
    private const int LongestWord = 1024;

    public static int OfBytes(long bytes) => (int)Math.Min(int.MaxValue, (bytes + BytesPerToken - 1) / BytesPerToken);

    public static int Of(ChatRequest request) => OfBytes(request.Messages.Sum(message => (long)Encoding.UTF8.GetByteCount(message.Text)));

    /// <summary>Every text in a request's body, but images.</summary>
    public static int Of(in ReadOnlySequence<byte> body)
    {
        var bytes = 0L;
        var reader = new Utf8JsonReader(body);
        try
        {
            while (reader.Read())
                if (reader.TokenType == JsonTokenType.String) bytes += LengthOf(ref reader);
        }
        catch (JsonException)
        {
            // The backend took it for a request all the same.
        }

        return OfBytes(bytes);
    }

    private static long LengthOf(ref Utf8JsonReader reader)
    {
        var length = reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (length <= LongestWord) return length;
        return reader.HasValueSequence ? reader.ValueSequence.PositionOf((byte)' ') is null ? 0 : length : reader.ValueSpan.Contains((byte)' ') ? length : 0;
    }
}
