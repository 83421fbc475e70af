using System.Globalization;
using System.Text.Json;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary>A download's progress bar, rewritten in place.</summary>
internal sealed class ProgressBar(LmsTerminal terminal)
{
    private const int Width = 22;

    private bool _shown;

    public void Show(JsonElement update)
    {
        var (done, total, speed) = (Number(update, "downloadedBytes"), Number(update, "totalBytes"), Number(update, "speedBytesPerSecond"));
        var share = total > 0 ? done / total : 0;
        var percent = (share * 100).ToString("0.00", CultureInfo.InvariantCulture);
        var figures = $"{LmsText.DecimalSize(done),9} / {LmsText.DecimalSize(total)} | {LmsText.DecimalSize(speed)}/s";
        terminal.Write($"\e[?25l\e[s{(_shown ? "" : "\e[2K")}\r⠋ [{Bar(share)}] {percent}% | {figures} | ETA {Left((total - done) / speed)}          \e[u");
        _shown = true;
    }

    /// <summary>The real one has no better word either when nothing moves.</summary>
    private static string Left(double seconds) => double.IsFinite(seconds)
        ? TimeSpan.FromSeconds(Math.Round(seconds, MidpointRounding.AwayFromZero)).ToString(@"mm\:ss", CultureInfo.InvariantCulture)
        : "Infinity:NaN";

    public void End() => terminal.Write("\e[2K\e[1G\e[?25h");

    private static string Bar(double share)
    {
        var halves = (int)Math.Round(share * Width * 2);
        return (new string('█', halves / 2) + (halves % 2 == 1 ? "▌" : "")).PadRight(Width);
    }

    private static double Number(JsonElement update, string name) => update.GetProperty(name).GetDouble();
}
