namespace LmGateway.Configuration;

/// <summary>A setting that cannot be used: which, what was written, where, and what would be right.</summary>
/// <param name="Key">The setting; null where a file as a whole is meant.</param>
/// <param name="Value">What was written, null where it does not help or must not be shown.</param>
/// <param name="Source">Where it was written.</param>
/// <param name="Fix">What to do.</param>
internal sealed record SettingError(string? Key, string? Value, string Source, string Fix)
{
    private const int ShownLength = 120;

    public override string ToString() => (Key, Value) switch
    {
        (null, _) => $"{Source}: {Fix}",
        (_, null) => $"{Key} ({Source}): {Fix}",
        _ => $"{Key} = \"{Shown(Value)}\" ({Source}): {Fix}",
    };

    private static string Shown(string value)
    {
        var line = value.ReplaceLineEndings(" ");
        return line.Length <= ShownLength ? line : line[..ShownLength] + "…";
    }
}

/// <summary>Collects everything that is wrong, so that all of it is said at once.</summary>
internal sealed class SettingsProblems
{
    public List<SettingError> Errors { get; } = [];

    /// <summary>What the service starts with, but somebody should know.</summary>
    public List<string> Warnings { get; } = [];
}
