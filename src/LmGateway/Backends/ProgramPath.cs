namespace LmGateway.Backends;

/// <summary>Finds a program in the folders of PATH, and nowhere else: not in the working directory, which may be a stranger's.</summary>
internal static class ProgramPath
{
    public static string? Find(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (Path.IsPathFullyQualified(folder) && Path.Combine(folder, file) is var path && File.Exists(path)) return path;
        return null;
    }
}
