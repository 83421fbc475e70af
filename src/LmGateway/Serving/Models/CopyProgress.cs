using LmGateway.Serving.Jobs;

namespace LmGateway.Serving.Models;

/// <summary>Tells a job how far several copies, one after the other, are.</summary>
internal sealed class CopyProgress(JobReport report, long total)
{
    private const long Step = 1024 * 1024;

    private long before;
    private long told = -Step;

    public bool IsGivenUp => report.IsGivenUp;

    /// <summary>Of the file at hand. Small steps are not worth telling.</summary>
    public void At(long bytes)
    {
        var all = before + bytes;
        if (Math.Abs(all - told) < Step && all < total) return;
        told = all;
        report.Progress(all, total, "Copying");
    }

    public void Wait(string why) => report.Progress(Math.Max(told, 0), total, why);

    /// <summary>The file at hand is done.</summary>
    public void Next(long bytes) => report.Progress(told = before += bytes, total);
}
