using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>
/// One entry, one line: time, level, who says it, what. Control characters, which callers can put into names that are logged, are
/// written as spaces, so that nobody can forge an entry or steer a terminal. It is for one thread at a time.
/// </summary>
internal sealed class LineFormatter(TimeProvider time)
{
    private const int UsualLength = 512;
    private const byte Delete = 0x7F;

    /// <summary>UTF-8 has U+0080 to U+009F, which are control characters too, in two bytes, of which this is the first. Other characters begin so as well.</summary>
    private const byte PerhapsControl = 0xC2;
    private const byte FirstThatIsNone = 0xA0;

    private static readonly SearchValues<byte> Suspects = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(code => (byte)code), Delete, PerhapsControl]);

    private Second second = new(-1, "", "");

    public void Write(in LogEntry entry, ArrayBufferWriter<byte> to)
    {
        var line = to.GetSpan(UsualLength);
        int length;
        while (!TryWrite(entry, line, out length)) line = to.GetSpan(2 * line.Length);
        to.Advance(length);
    }

    private bool TryWrite(in LogEntry entry, Span<byte> line, out int length)
    {
        length = 0;
        if (second.Number != entry.Time.Ticks / TimeSpan.TicksPerSecond) second = Second.Of(entry.Time, time);
        if (!Utf8.TryWrite(line, CultureInfo.InvariantCulture, $"{second.Start}{entry.Time.Millisecond:D3}{second.Zone}{Level(entry.Level)}{entry.Name}: ", out var head)) return false;
        if (!entry.Text.TryWrite(line[head..], out var text) || head + text == line.Length) return false;
        length = head + OnOneLine(line.Slice(head, text));
        line[length++] = (byte)'\n';
        return true;
    }

    /// <summary>Makes a space of each control character, and returns the length that is left: some had two bytes.</summary>
    private static int OnOneLine(Span<byte> text)
    {
        if (text.IndexOfAny(Suspects) is var length && length < 0) return text.Length;
        for (var at = length; at < text.Length; at++)
        {
            var isLong = text[at] == PerhapsControl && at + 1 < text.Length && text[at + 1] < FirstThatIsNone;
            text[length++] = isLong || text[at] is < (byte)' ' or Delete ? (byte)' ' : text[at];
            if (isLong) at++;
        }

        return length;
    }

    /// <summary>What the lines of one second have in common: there may be thousands, and writing a date costs more than all the rest of a line.</summary>
    private sealed record Second(long Number, string Start, string Zone)
    {
        public static Second Of(DateTimeOffset now, TimeProvider time)
        {
            var local = TimeZoneInfo.ConvertTime(now, time.LocalTimeZone);
            return new Second(now.Ticks / TimeSpan.TicksPerSecond, local.ToString("yyyy-MM-dd'T'HH:mm:ss.", CultureInfo.InvariantCulture), local.ToString("zzz", CultureInfo.InvariantCulture));
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => " trace ",
        LogLevel.Debug => " debug ",
        LogLevel.Information => " info  ",
        LogLevel.Warning => " warn  ",
        _ => " error ",
    };
}
