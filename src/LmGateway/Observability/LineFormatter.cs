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
    public string Line(LogLevel level, string name, string text, Exception? exception)
    {
        var line = new DefaultInterpolatedStringHandler(48, 4, CultureInfo.InvariantCulture, stackalloc char[512]);
        line.AppendFormatted(time.GetLocalNow(), "yyyy-MM-dd'T'HH:mm:ss.fffzzz");
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
        foreach (var letter in text)
            if (char.IsControl(letter)) return string.Create(text.Length, text, static (copy, from) => Copy(from, copy));
        return text;
    }

    private static void Copy(string from, Span<char> to)
    {
        for (var i = 0; i < from.Length; i++) to[i] = char.IsControl(from[i]) ? ' ' : from[i];
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
