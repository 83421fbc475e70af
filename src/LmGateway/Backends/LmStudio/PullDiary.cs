using System.Globalization;
using LmStudio.Client.Wire;

namespace LmGateway.Backends.LmStudio;

/// <summary>Writes down a download over the protocol as <c>lms get</c> would have told it.</summary>
internal sealed class PullDiary(IProgress<PullProgress> progress)
{
    private const int Steps = 10;

    private int told = -1;

    public void Note(DownloadEvent happened)
    {
        switch (happened)
        {
            case DownloadEvent.Planned { IsReady: true, Plan: { Action: not "none" } plan }: Line($"Resolution completed. Downloading {Size(plan.SizeBytes)}..."); break;
            case DownloadEvent.Finalizing: Line("Finalizing download..."); break;
            case DownloadEvent.Progressed step: Figures(step); break;
        }
    }

    public void End(bool downloaded) => Line(downloaded ? "Download completed." : "Everything is already downloaded");

    private void Figures(DownloadEvent.Progressed step)
    {
        progress.Report(new PullProgress { Bytes = step.DownloadedBytes, Total = step.TotalBytes > 0 ? step.TotalBytes : null });
        if (step.TotalBytes <= 0) return;
        var reached = (int)(Steps * step.DownloadedBytes / step.TotalBytes);
        if (reached <= told) return;
        told = reached;
        Line(string.Create(CultureInfo.InvariantCulture, $"{100.0 * step.DownloadedBytes / step.TotalBytes:0.00}% | {Size(step.DownloadedBytes)} / {Size(step.TotalBytes)} | {Size((long)step.BytesPerSecond)}/s"));
    }

    private void Line(string text) => progress.Report(new PullProgress { Line = text });

    /// <summary>Decimal, as LM Studio counts.</summary>
    private static string Size(long bytes)
    {
        var (value, unit) = bytes switch
        {
            >= 1_000_000_000 => (bytes / 1e9, "GB"),
            >= 1_000_000 => (bytes / 1e6, "MB"),
            >= 1_000 => (bytes / 1e3, "KB"),
            _ => (bytes, "B"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.00} {unit}");
    }
}
