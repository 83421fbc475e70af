using System.Globalization;

namespace LmGateway.Cli.Doctor;

/// <summary>Which program listens on a port, where the system lets this user know: Linux, by the files of <c>/proc</c>.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    /// <summary><c>nginx (process 812)</c>; null where it cannot be known.</summary>
    public static string? Find(int port)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            var sockets = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines).Select(line => Inode(line, port)).OfType<string>().Select(inode => $"socket:[{inode}]").ToHashSet(StringComparer.Ordinal);
            if (sockets.Count == 0) return null;
            var process = Directory.EnumerateDirectories("/proc").FirstOrDefault(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]) && Holds(folder, sockets));
            return process is null ? null : $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (process {Path.GetFileName(process)})";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The second column is <c>address:port</c> in hexadecimal, the fourth the state, the tenth the inode.</summary>
    private static string? Inode(string line, int port)
    {
        var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns.Length > 9 && columns[3] == Listening && columns[1].EndsWith(port.ToString("X4", CultureInfo.InvariantCulture), StringComparison.Ordinal) ? columns[9] : null;
    }

    private static bool Holds(string process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another user's process, or one that has ended meanwhile.
            return false;
        }
    }
}
