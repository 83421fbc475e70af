using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LmGateway.Observability;

/// <summary>Memory and age of the process.</summary>
internal sealed class ProcessFigures(TimeProvider time)
{
    private readonly long started = time.GetTimestamp();

    public TimeSpan Uptime => time.GetElapsedTime(started);

    /// <summary>All memory that the process holds, in bytes.</summary>
    public static long ResidentBytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.WorkingSet64;
        }
    }

    /// <summary>Processor time that the process has used.</summary>
    public static TimeSpan ProcessorTime
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The heap as the collector reserved it, what is in use of it, and what lies outside of it.</summary>
    public static (long Total, long Used, long External) Heap
    {
        get
        {
            var (committed, used) = (GC.GetGCMemoryInfo().TotalCommittedBytes, GC.GetTotalMemory(forceFullCollection: false));
            return (Math.Max(committed, used), used, Math.Max(0, ResidentBytes - Math.Max(committed, used)));
        }
    }

    /// <summary>The operating system, in the words that the document uses.</summary>
    public static string Platform =>
        OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : RuntimeInformation.RuntimeIdentifier;

    public static string Runtime => RuntimeInformation.FrameworkDescription;

    /// <summary><c>1h 5s</c>: the parts that are not zero.</summary>
    public static string Formatted(TimeSpan uptime)
    {
        (int Count, string Unit)[] parts = [(uptime.Days, "d"), (uptime.Hours, "h"), (uptime.Minutes, "m"), (uptime.Seconds, "s")];
        var shown = parts.Where(part => part.Count > 0).Select(part => $"{part.Count}{part.Unit}").ToList();
        return shown.Count == 0 ? "0s" : string.Join(' ', shown);
    }
}
