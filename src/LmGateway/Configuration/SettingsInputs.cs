namespace LmGateway.Configuration;

/// <summary>One setting given on the command line.</summary>
/// <param name="Key">The setting's key.</param>
/// <param name="Value">What was written.</param>
/// <param name="Option">The option that gave it: <c>--port</c>, <c>--set</c>.</param>
internal sealed record GivenSetting(string Key, string Value, string Option);

/// <summary>A file that was read, with the name that messages call it by.</summary>
internal sealed record SettingsText(string Name, string Text);

/// <summary>Everything that settings are made from, already read: the loader itself touches neither files nor the process.</summary>
internal sealed record SettingsInputs
{
    public IReadOnlyList<GivenSetting> CommandLine { get; init; } = [];
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public SettingsText? DotEnv { get; init; }
    public SettingsText? File { get; init; }

    /// <summary>The user's home folder, which <c>~</c> stands for.</summary>
    public string Home { get; init; } = "";

    /// <summary>The user's configuration folder of this program.</summary>
    public string ConfigurationFolder { get; init; } = "";

    /// <summary>Files that should have been read and could not be.</summary>
    public IReadOnlyList<SettingError> Errors { get; init; } = [];
}
