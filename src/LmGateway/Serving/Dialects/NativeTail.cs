using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Reads the usage out of the end of a reply in LM Studio's own dialects, whose bytes go by untouched: <c>usage</c> of <c>/api/v0</c>, <c>stats</c>
/// of <c>/api/v1/chat</c>.
/// </summary>
internal sealed class NativeTail(ReplyTally tally)
{
    private const int Kept = 8 * 1024;

    private readonly byte[] tail = new byte[2 * Kept];
    private int length;

    /// <summary>A block goes by; of a stream each is an event or more.</summary>
    public void Note(ReadOnlySpan<byte> block, bool streamed)
    {
        if (streamed) tally.Events++;
        if (block.Length > Kept) block = block[^Kept..];
        if (length + block.Length > tail.Length)
        {
            tail.AsSpan(length - Kept, Kept).CopyTo(tail);
            length = Kept;
        }

        block.CopyTo(tail.AsSpan(length));
        length += block.Length;
    }

    /// <summary>The reply is at its end.</summary>
    public void End()
    {
        var usage = ObjectNamed("\"usage\""u8) is { IsEmpty: false } told ? told : ObjectNamed("\"stats\""u8);
        if (!usage.IsEmpty) tally.Usage = usage.ToUsage();
    }

    /// <summary>The last object of that name. A text that holds the name has its quotes escaped.</summary>
    private UsageFacts ObjectNamed(ReadOnlySpan<byte> name)
    {
        var text = tail.AsSpan(0, length);
        if (text.LastIndexOf(name) is not (>= 0 and var at)) return default;
        var rest = text[(at + name.Length)..];
        if (rest.IndexOf((byte)'{') is not (>= 0 and var start)) return default;
        try
        {
            var reader = new Utf8JsonReader(rest[start..]);
            return reader.Read() ? UsageFacts.Read(ref reader) : default;
        }
        catch (JsonException)
        {
            return default;     // its end is missing
        }
    }
}
