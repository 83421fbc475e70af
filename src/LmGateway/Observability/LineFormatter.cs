using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace LmGateway.Observability;

/// <summary>
/// One entry, one line: time, level, who says it, what. Control characters, which callers can put into names that are logged, are
/// written as spaces, so that nobody can forge an entry or steer a terminal.
/// </summary>
internal sealed class LineFormatter(TimeProvider time)
{
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 160).Select(code => (char)code).Where(char.IsControl)]);

    private volatile Second second = new(-1, "", "");

    public string Line(LogLevel level, string name, string text, Exception? exception)
    {
        var line = new DefaultInterpolatedStringHandler(48, 4, CultureInfo.InvariantCulture, stackalloc char[512]);
        var now = time.GetUtcNow();
        var known = second;
        if (known.Number != now.Ticks / TimeSpan.TicksPerSecond) second = known = Second.Of(now, time);
        line.AppendLiteral(known.Start);
        line.AppendFormatted(now.Millisecond, "D3");
        line.AppendLiteral(known.Zone);
        line.AppendLiteral(Level(level));
        line.AppendLiteral(name);
        line.AppendLiteral(": ");
        line.AppendLiteral(OnOneLine(text));
        if (exception is not null)
        {
            line.AppendLiteral(" ");
            line.AppendLiteral(OnOneLine(exception.ToString()));
        }

        line.AppendLiteral("\n");
        return line.ToStringAndClear();
    }

    private static string OnOneLine(string text)
    {
        return text.AsSpan().ContainsAny(Controls) ? string.Create(text.Length, text, static (copy, from) => Copy(from, copy)) : text;
    }

    private static void Copy(string from, Span<char> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
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
