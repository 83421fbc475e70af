using System.Globalization;

namespace LmGateway.Bench.Rig;

/// <summary>What a process and its children have used, as the kernel counts it: all threads, work in the kernel included.</summary>
internal static class ProcessTree
{
    private const double TicksPerSecond = 100;      // USER_HZ, the same on every Linux

    /// <summary>CPU time until now, in seconds.</summary>
    public static double CpuSeconds(int process) => All(process).Sum(id => CpuTicks(id)) / TicksPerSecond;

    /// <summary>Memory that lies in RAM, in MiB.</summary>
    public static double Mebibytes(int process) => All(process).Sum(id => ResidentKilobytes(id)) / 1024.0;

    private static IEnumerable<int> All(int process) =>
        Children(process).SelectMany(All).Prepend(process);

    private static IEnumerable<int> Children(int process) =>
        Read($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);

    private static long CpuTicks(int process)
    {
        var stat = Read($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);     // from the third field on
        return fields.Length > 12 ? long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture) : 0;
    }

    private static long ResidentKilobytes(int process)
    {
        var line = Read($"/proc/{process}/status").Split('\n').FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";      // it has ended meanwhile
        }
    }
}
