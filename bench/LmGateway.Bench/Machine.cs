using System.Globalization;
using System.Runtime.InteropServices;

namespace LmGateway.Bench;

/// <summary>Where and when the figures were taken.</summary>
internal sealed record Machine
{
    public string Cores { get; } = $"{Environment.ProcessorCount} cores ({CpuModel()})";

    public string Kernel { get; } = $"{File.ReadAllText("/proc/sys/kernel/ostype").Trim()} {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}";

    public string Runtime { get; } = RuntimeInformation.FrameworkDescription;

    public string Taken { get; } = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>Processes that wanted to run in the minute before; much more than 0 means that the machine had other work as well.</summary>
    public string LoadBefore { get; } = File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string CpuModel() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
}
