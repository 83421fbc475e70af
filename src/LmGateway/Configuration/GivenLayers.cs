namespace LmGateway.Configuration;

/// <summary>The layers that are lists of names and values already: the environment and the command line.</summary>
internal static class GivenLayers
{
    public static SettingsLayer ReadEnvironment(IReadOnlyDictionary<string, string> environment) =>
        SettingsLayer.Of(LayerKind.Environment, environment.Select(pair =>
            new RawValue(pair.Key, pair.Value.Trim(), new SettingSource(LayerKind.Environment, $"environment {pair.Key}"))));

    public static SettingsLayer ReadCommandLine(IReadOnlyList<GivenSetting> given, SettingsProblems problems)
    {
        var values = new List<RawValue>();
        foreach (var (key, value, option) in given)
        {
            var source = new SettingSource(LayerKind.CommandLine, $"command line {option}");
            if (SettingTable.HasKey(key)) values.Add(new RawValue(key, value.Trim(), source));
            else problems.Errors.Add(UnknownSetting.Error(key, source.Text));
        }

        return SettingsLayer.Of(LayerKind.CommandLine, values);
    }
}
