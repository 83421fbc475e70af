namespace LmGateway.Configuration;

/// <summary>Where the settings of a running service come from, so that they can be read again.</summary>
internal sealed record SettingsOrigin
{
    public required SettingsPlaces Places { get; init; }

    /// <summary>What was read when the service started.</summary>
    public required SettingsInputs AtStart { get; init; }

    /// <summary>What the program itself changes about them.</summary>
    public Func<LoadedSettings, LoadedSettings> Adapt { get; init; } = loaded => loaded;

    public static SettingsOrigin Of(SettingsPlaces places) => new() { Places = places, AtStart = SettingsFiles.Read(places) };

    public SettingsInputs Read() => SettingsFiles.Read(Places);

    /// <summary>The settings that these inputs give; with errors, as they were loaded.</summary>
    public LoadedSettings Load(SettingsInputs inputs)
    {
        var loaded = SettingsLoader.Load(inputs);
        return loaded.Errors.Count == 0 ? Adapt(loaded) : loaded;
    }
}
