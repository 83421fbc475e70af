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
        var left = speed > 0 ? TimeSpan.FromSeconds(Math.Round((total - done) / speed, MidpointRounding.AwayFromZero)).ToString(@"mm\:ss", CultureInfo.InvariantCulture) : "Infinity:NaN";
        terminal.Write("\e[?25l\e[s" + (_shown ? "" : "\e[2K")
            + string.Create(CultureInfo.InvariantCulture, $"\r⠋ [{Bar(share)}] {share * 100:0.00}% | {LmsText.DecimalSize(done),9} / {LmsText.DecimalSize(total)} | {LmsText.DecimalSize(speed)}/s | ETA {left}          \e[u"));
        _shown = true;
    }

    public void End() => terminal.Write("\e[2K\e[1G\e[?25h");

    private static string Bar(double share)
    {
        var halves = (int)Math.Round(share * Width * 2);
        return (new string('█', halves / 2) + (halves % 2 == 1 ? "▌" : "")).PadRight(Width);
    }

    private static double Number(JsonElement update, string name) => update.GetProperty(name).GetDouble();
}
