namespace LmGateway.Configuration;

/// <summary>
/// Makes options from the layers: command line, environment, <c>.env</c>, <c>lmgateway.yaml</c>, defaults. The strongest
/// layer that has a value wins; within a layer the order of a setting's names does. Everything that is wrong is collected.
/// </summary>
internal sealed class SettingsLoader
{
    private readonly SettingsProblems _problems = new();
    private readonly GatewayOptions _options = new();
    private readonly List<EffectiveSetting> _effective = [];
    private readonly SettingsInputs _inputs;
    private readonly PathVariables _paths;

    private SettingsLoader(SettingsInputs inputs)
    {
        _inputs = inputs;
        _paths = new PathVariables(inputs.Home, inputs.Environment);
        _problems.Errors.AddRange(inputs.Errors);
    }

    public static LoadedSettings Load(SettingsInputs inputs) => new SettingsLoader(inputs).Load();

    private LoadedSettings Load()
    {
        var layers = new ForeignNames(_problems, _paths).Sift(ReadLayers());
        foreach (var setting in SettingTable.All)
            Bind(setting, [.. layers.SelectMany(layer => layer.ValuesOf(setting))]);
        var loaded = new LoadedSettings { Options = _options, Effective = new EffectiveSettings(_effective) };
        loaded = SettingRules.Apply(loaded, _problems);
        return loaded with { Warnings = _problems.Warnings, Errors = _problems.Errors };
    }

    private SettingsLayer[] ReadLayers()
    {
        SettingsLayer[] layers =
        [
            GivenLayers.ReadCommandLine(_inputs.CommandLine, _problems),
            GivenLayers.ReadEnvironment(_inputs.Environment),
            DotEnvFile.Read(_inputs.DotEnv, _problems),
            YamlFile.Read(_inputs.File, _problems),
        ];
        _problems.Warnings.AddRange(layers
            .Where(layer => layer.Kind is LayerKind.Environment or LayerKind.DotEnv)
            .SelectMany(layer => layer.Values.Values)
            .Select(UnknownSetting.Warning)
            .OfType<string>());
        return layers;
    }

    private void Bind(SettingDefinition setting, RawValue[] candidates)
    {
        if (candidates.Length == 0)
        {
            Keep(setting, DefaultOf(setting), SettingSource.Default);
            return;
        }

        var winner = candidates[0];
        var reading = ValueReader.Read(setting, winner, _paths);
        if (reading.Fix is not null)
        {
            _problems.Errors.Add(new SettingError(setting.Key, reading.Offender, winner.Source.Text, reading.Fix));
            Keep(setting, DefaultOf(setting), SettingSource.Default);
            return;
        }

        Keep(setting, reading.Value, winner.Source);
        foreach (var other in candidates.Skip(1).Where(other => Compete(winner, other)))
            WarnIfDifferent(setting, winner, other);
    }

    private void Keep(SettingDefinition setting, object? value, SettingSource source)
    {
        setting.Set(_options, value);
        _effective.Add(new EffectiveSetting(setting, value, source));
    }

    private object? DefaultOf(SettingDefinition setting) => setting switch
    {
        { Key: "state_dir" } => _inputs.ConfigurationFolder,
        { Default: string path, About.Form: SettingForm.Path } => _paths.Expand(path, out _),
        _ => setting.Default,
    };

    /// <summary>
    /// Whether two names claim the same: both in the environment (of which <c>.env</c> is a part), or both in one file.
    /// That a stronger layer replaces the same name, or anything of a weaker kind, is what layers are for.
    /// </summary>
    private static bool Compete(RawValue winner, RawValue other)
    {
        var sameKind = winner.Source.Layer == other.Source.Layer
            || winner.Source.Layer == LayerKind.Environment && other.Source.Layer == LayerKind.DotEnv;
        return sameKind && winner.Name != other.Name;
    }

    private void WarnIfDifferent(SettingDefinition setting, RawValue winner, RawValue other)
    {
        var used = setting.Show(ValueReader.Read(setting, winner, _paths).Value);
        var unused = ValueReader.Read(setting, other, _paths) is { Fix: null } reading ? setting.Show(reading.Value) : other.Text;
        if (setting.About.Secret)
        {
            if (winner.Text != other.Text)
                _problems.Warnings.Add($"{setting.Key}: {winner.Origin} is used; {other.Origin} says something else and is ignored.");
        }
        else if (used != unused)
        {
            _problems.Warnings.Add($"{setting.Key}: \"{used}\" from {winner.Origin} is used; \"{unused}\" from {other.Origin} is ignored.");
        }
    }
}
