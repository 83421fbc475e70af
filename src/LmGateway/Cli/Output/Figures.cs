using System.Globalization;

namespace LmGateway.Cli.Output;

/// <summary>Sizes, times and speeds as people read them, the same in every language of the machine.</summary>
internal static class Figures
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>Decimal, as LM Studio and disks count: <c>2.5 GB</c>.</summary>
    public static string Size(double bytes)
    {
        var unit = 0;
        for (; bytes >= 999.95 && unit < Units.Length - 1; unit++) bytes /= 1000;
        return $"{Number(bytes, unit == 0 ? "0" : "0.0#")} {Units[unit]}";
    }

    /// <summary><c>1.2 s</c>, <c>3 m 20 s</c>, <c>2 h 5 m</c>, <c>3 d 4 h</c>.</summary>
    public static string Time(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        { TotalHours: < 1 } => $"{(int)time.TotalMinutes} m {time.Seconds} s",
        { TotalDays: < 1 } => $"{(int)time.TotalHours} h {time.Minutes} m",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    public static string Number(double number, string form = "0.#") => number.ToString(form, CultureInfo.InvariantCulture);
}
