namespace LmGateway.Configuration;

/// <summary>Where a value can come from, strongest first.</summary>
internal enum LayerKind
{
    CommandLine,
    Environment,
    DotEnv,
    File,
    Default,
}

/// <summary>Where one value came from: <c>environment LMSTUDIO_URL</c>, <c>.env line 3</c>, <c>lmgateway.yaml line 12</c>.</summary>
internal readonly record struct SettingSource(LayerKind Layer, string Text)
{
    public static SettingSource Default { get; } = new(LayerKind.Default, "default");

    public override string ToString() => Text;
}

/// <summary>A value as it was written, before anybody knows its type.</summary>
/// <param name="Name">The key or environment name that it was given by.</param>
/// <param name="Text">What was written; for a list its texts joined by commas.</param>
/// <param name="Source">Where it was written.</param>
/// <param name="Items">The texts of a list that was written as one.</param>
internal sealed record RawValue(string Name, string Text, SettingSource Source, IReadOnlyList<string>? Items = null)
{
    /// <summary>The source with the name that was used, said once.</summary>
    public string Origin => Source.Text.Contains(Name, StringComparison.Ordinal) ? Source.Text : $"{Name} ({Source})";
}

/// <summary>All values of one layer by the names they were given by. Empty values are not among them, unless they have a meaning: they mean unset.</summary>
internal sealed record SettingsLayer(LayerKind Kind, IReadOnlyDictionary<string, RawValue> Values)
{
    public static SettingsLayer Of(LayerKind kind, IEnumerable<RawValue> values)
    {
        var byName = new Dictionary<string, RawValue>(StringComparer.Ordinal);
        foreach (var value in values)
            if (value.Text.Length > 0) byName[value.Name] = value;
            else if (SettingTable.WhenEmpty(value.Name) is { } meaning) byName[value.Name] = value with { Text = meaning };
        return new SettingsLayer(kind, byName);
    }

    /// <summary>The layer's values for a setting, strongest name first.</summary>
    public IEnumerable<RawValue> ValuesOf(SettingDefinition setting)
    {
        var names = Kind is LayerKind.Environment or LayerKind.DotEnv ? setting.EnvironmentNames : setting.Keys;
        foreach (var name in names)
            if (Values.TryGetValue(name, out var value)) yield return value;
    }

    public SettingsLayer Without(string name) =>
        Values.ContainsKey(name) ? Of(Kind, Values.Values.Where(value => value.Name != name)) : this;
}
