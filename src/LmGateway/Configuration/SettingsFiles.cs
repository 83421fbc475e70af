namespace LmGateway.Configuration;

/// <summary>Where to look for settings.</summary>
internal sealed record SettingsPlaces
{
    public required string WorkingFolder { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    public IReadOnlyList<GivenSetting> CommandLine { get; init; } = [];

    /// <summary>The file of <c>--config</c>; without it <c>lmgateway.yaml</c> is looked for.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Whether the working folder's <c>.env</c> and <c>lmgateway.yaml</c> count: not for a program that is started inside a stranger's folder.</summary>
    public bool TrustWorkingFolder { get; init; } = true;
}

/// <summary>Finds and reads the files that settings come from.</summary>
internal static class SettingsFiles
{
    public const string FileName = "lmgateway.yaml";
    public const string DotEnvName = ".env";

    public static SettingsInputs Read(SettingsPlaces places)
    {
        var home = HomeFolder(places.Environment);
        var configurationFolder = ConfigurationFolder(places.Environment, home);
        var errors = new List<SettingError>();
        return new SettingsInputs
        {
            CommandLine = places.CommandLine,
            Environment = places.Environment,
            DotEnv = places.TrustWorkingFolder ? ReadIfThere(Path.Combine(places.WorkingFolder, DotEnvName), DotEnvName, errors) : null,
            File = ReadFile(places, configurationFolder, errors),
            Home = home,
            ConfigurationFolder = configurationFolder,
            Errors = errors,
        };
    }

    private static SettingsText? ReadFile(SettingsPlaces places, string configurationFolder, List<SettingError> errors)
    {
        if (places.ConfigFile is { } given)
        {
            var path = Path.Combine(places.WorkingFolder, given);
            if (File.Exists(path)) return ReadIfThere(path, given, errors);
            errors.Add(new SettingError("--config", given, "command line", "an existing file is expected"));
            return null;
        }

        var inHome = Path.Combine(configurationFolder, FileName);
        return (places.TrustWorkingFolder ? ReadIfThere(Path.Combine(places.WorkingFolder, FileName), FileName, errors) : null)
            ?? ReadIfThere(inHome, inHome, errors);
    }

    private static SettingsText? ReadIfThere(string path, string name, List<SettingError> errors)
    {
        try
        {
            return File.Exists(path) ? new SettingsText(name, File.ReadAllText(path)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add(new SettingError(null, null, name, $"the file cannot be read: {error.Message}"));
            return null;
        }
    }

    private static string HomeFolder(IReadOnlyDictionary<string, string> environment)
    {
        if (environment.GetValueOrDefault(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") is { Length: > 0 } home) return home;
        return Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
    }

    /// <summary><c>%APPDATA%\lmgateway</c> on Windows, <c>$XDG_CONFIG_HOME/lmgateway</c> or <c>~/.config/lmgateway</c> elsewhere.</summary>
    private static string ConfigurationFolder(IReadOnlyDictionary<string, string> environment, string home)
    {
        var (name, fallback) = OperatingSystem.IsWindows() ? ("APPDATA", "AppData/Roaming") : ("XDG_CONFIG_HOME", ".config");
        var folder = environment.GetValueOrDefault(name) is { Length: > 0 } given ? given : Path.Combine(home, fallback);
        return Path.Combine(folder, "lmgateway");
    }
}
