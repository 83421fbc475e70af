namespace LmStudio.Client.Cli;

/// <summary>Finds the <c>lms</c> program.</summary>
internal static class LmsProgram
{
    private static readonly string FileName = OperatingSystem.IsWindows() ? "lms.exe" : "lms";

    /// <summary>The configured program, else the one on PATH, else the one in LM Studio's home folder; null when there is none.</summary>
    public static string? Find(LmsCliOptions options)
    {
        if (options.Program is { } program) return File.Exists(program) ? Path.GetFullPath(program) : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Append(Path.Combine(options.HomeFolder ?? LmStudioHome.Find(), "bin"))
            .Select(folder => Path.Combine(folder, FileName))
            .FirstOrDefault(File.Exists);
    }
}
