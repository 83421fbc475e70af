using System.Globalization;
using System.Text;

namespace LmStudio.Simulator.Lms;

/// <summary>Sizes, durations, tables and boxes as <c>lms</c> prints them.</summary>
internal static class LmsText
{
    private static readonly string[] Decimal = ["B", "KB", "MB", "GB", "TB"];
    private static readonly string[] Binary = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A size in powers of 1000 (files).</summary>
    public static string DecimalSize(double bytes) => Size(bytes, 1000, Decimal);

    /// <summary>A size in powers of 1024 (memory).</summary>
    public static string BinarySize(double bytes) => Size(bytes, 1024, Binary);

    /// <summary><c>311.00ms</c>, <c>9.10s</c>, <c>1m 2.50s</c>.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalSeconds < 1 ? $"{Fixed(time.TotalMilliseconds)}ms"
        : time.TotalMinutes < 1 ? $"{Fixed(time.TotalSeconds)}s"
        : $"{(int)time.TotalMinutes}m {Fixed(time.TotalSeconds % 60)}s";

    /// <summary>Rows of equal length as columns four spaces apart; the first row is the heading.</summary>
    public static string Table(IReadOnlyList<string[]> rows)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendJoin("    ", row.Select((cell, column) => cell.PadRight(widths[column]))).Append('\n');
        return text.ToString();
    }

    /// <summary>A box with a title, as errors with advice are shown.</summary>
    public static string Box(string title, params string[] lines)
    {
        var width = lines.Max(line => line.Length) + 6;
        var text = new StringBuilder("\n\n");
        text.Append($"   ┌ {title} {new string('─', width - title.Length - 2)}┐\n");
        foreach (var line in (string[])["", .. lines, ""])
            text.Append($"   │   {line.PadRight(width - 3)}│\n");
        return text.Append($"   └{new string('─', width)}┘\n").ToString();
    }

    private static string Size(double bytes, double step, string[] units)
    {
        var unit = 0;
        for (; bytes >= step && unit < units.Length - 1; unit++) bytes /= step;
        return unit == 0 ? $"{bytes} {units[0]}" : $"{Fixed(bytes)} {units[unit]}";
    }

    private static string Fixed(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
