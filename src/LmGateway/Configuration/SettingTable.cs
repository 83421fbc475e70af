using System.Reflection;

namespace LmGateway.Configuration;

/// <summary>Every setting there is, in the order in which the options declare them.</summary>
internal static class SettingTable
{
    public static IReadOnlyList<SettingDefinition> All { get; } = [.. Read(new GatewayOptions())];

    private static readonly Dictionary<string, SettingDefinition> ByKey =
        All.SelectMany(setting => setting.Keys.Select(key => (key, setting))).ToDictionary(pair => pair.key, pair => pair.setting, StringComparer.Ordinal);

    private static readonly Dictionary<string, SettingDefinition> ByEnvironmentName =
        All.SelectMany(setting => setting.EnvironmentNames.Select(name => (name, setting))).ToDictionary(pair => pair.name, pair => pair.setting, StringComparer.Ordinal);

    /// <summary>Every key and alias of the file.</summary>
    public static IReadOnlyCollection<string> Keys => ByKey.Keys;

    public static IReadOnlyCollection<string> EnvironmentNames => ByEnvironmentName.Keys;

    public static SettingDefinition Of(string key) => ByKey[key];

    public static bool HasKey(string key) => ByKey.ContainsKey(key);

    public static bool HasEnvironmentName(string name) => ByEnvironmentName.ContainsKey(name);

    /// <summary>What an empty value of a key or an environment name stands for; null where it means unset.</summary>
    public static string? WhenEmpty(string name) =>
        (ByKey.GetValueOrDefault(name) ?? ByEnvironmentName.GetValueOrDefault(name))?.About.WhenEmpty;

    /// <summary>Whether keys lie below this one: <c>inference</c>, <c>inference.http</c>.</summary>
    public static bool IsSection(string key) => ByKey.Keys.Any(known => known.Length > key.Length && known[key.Length] == '.' && known.StartsWith(key, StringComparison.Ordinal));

    private static IEnumerable<SettingDefinition> Read(GatewayOptions defaults)
    {
        foreach (var property in typeof(GatewayOptions).GetProperties())
        {
            if (property.GetCustomAttribute<SettingAttribute>() is { } about)
                yield return new SettingDefinition(about, null, property, defaults);
            else if (property.PropertyType.Namespace == typeof(GatewayOptions).Namespace)
                foreach (var leaf in property.PropertyType.GetProperties())
                    if (leaf.GetCustomAttribute<SettingAttribute>() is { } aboutLeaf)
                        yield return new SettingDefinition(aboutLeaf, property, leaf, defaults);
        }
    }
}
