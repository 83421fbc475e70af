using System.Collections;

namespace LmGateway.Configuration;

/// <summary>One setting as it is in force.</summary>
/// <param name="Setting">Which one.</param>
/// <param name="Value">Its value; read it with <see cref="Text"/> to show it, which masks secrets.</param>
/// <param name="Source">Where it came from.</param>
internal sealed record EffectiveSetting(SettingDefinition Setting, object? Value, SettingSource Source)
{
    public string Key => Setting.Key;

    /// <summary>The value for people; a secret is only said to be set.</summary>
    public string Text => Value is null or IReadOnlyList<string> { Count: 0 } ? "(not set)" : Setting.Show(Value);
}

/// <summary>Every setting with its value and source, in the order of <see cref="SettingTable.All"/>.</summary>
internal sealed class EffectiveSettings(IReadOnlyList<EffectiveSetting> settings) : IReadOnlyCollection<EffectiveSetting>
{
    private readonly Dictionary<string, EffectiveSetting> _byKey = settings.ToDictionary(setting => setting.Key, StringComparer.Ordinal);

    public int Count => settings.Count;

    public EffectiveSetting this[string key] => _byKey[key];

    /// <summary>The same with one value replaced, from the same source.</summary>
    public EffectiveSettings With(string key, object value) =>
        new([.. settings.Select(setting => setting.Key == key ? setting with { Value = value } : setting)]);

    /// <summary>The same with one setting back at its default.</summary>
    public EffectiveSettings Without(string key) =>
        new([.. settings.Select(setting => setting.Key == key ? setting with { Value = setting.Setting.Default, Source = SettingSource.Default } : setting)]);

    public IEnumerator<EffectiveSetting> GetEnumerator() => settings.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
