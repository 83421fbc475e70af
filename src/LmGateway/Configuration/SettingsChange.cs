namespace LmGateway.Configuration;

/// <summary>What becomes of the settings in force where others were read while the service runs.</summary>
/// <param name="Options">What comes into force: the new settings, but for those that need a restart.</param>
/// <param name="Changed">The keys that were set to something else.</param>
/// <param name="NeedRestart">Those of them that keep their values until the next start.</param>
internal sealed record SettingsChange(GatewayOptions Options, IReadOnlyList<string> Changed, IReadOnlyList<string> NeedRestart)
{
    /// <param name="now">What is in force.</param>
    /// <param name="wanted">What was read, held by nobody else: its settings that need a restart are set back here.</param>
    public static SettingsChange Between(GatewayOptions now, GatewayOptions wanted)
    {
        var changed = SettingTable.All.Where(setting => !IsSame(setting.Get(now), setting.Get(wanted))).ToList();
        var waiting = changed.Where(setting => setting.About.Restart).ToList();
        foreach (var setting in waiting) setting.Set(wanted, setting.Get(now));
        return new SettingsChange(wanted with { Nats = wanted.Nats with { IsConfigured = now.Nats.IsConfigured } }, Keys(changed), Keys(waiting));
    }

    private static bool IsSame(object? one, object? other) =>
        one is IReadOnlyList<string> list && other is IReadOnlyList<string> otherList ? list.SequenceEqual(otherList) : Equals(one, other);

    private static IReadOnlyList<string> Keys(IEnumerable<SettingDefinition> settings) => [.. settings.Select(setting => setting.Key)];
}
