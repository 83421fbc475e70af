using System.Globalization;
using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A load configuration turned into fields, and afterwards compared with what LM Studio made of it.</summary>
internal sealed class LoadPlan
{
    private readonly List<Setting> settings = [];
    private readonly List<NotApplied> unsupported = [];

    /// <summary>Throws <see cref="ArgumentException"/> when the settings contradict each other.</summary>
    public LoadPlan(LoadConfiguration? configuration, bool forEmbedding)
    {
        if (configuration is null)
        {
            Config = KvConfig.Empty;
            return;
        }

        var fields = new List<KvField>();
        foreach (var row in LoadKeys.All)
        {
            if (row.Value(configuration) is not { } value) continue;
            var asked = row.Name != "autoFit" || configuration.AutoFit is not null;
            var keys = forEmbedding ? row.EmbeddingKeys : row.Keys;
            fields.AddRange(keys.Select(key => new KvField(key, value)));
            if (asked && keys.Length > 0) settings.Add(new Setting(row.Name, keys, value, row.Default));
            if (asked && keys.Length == 0)
                unsupported.Add(new NotApplied(row.Name, null, value, null, "Embedding models have no such setting."));
        }

        Config = new KvConfig(fields);
    }

    /// <summary>What is sent.</summary>
    public KvConfig Config { get; }

    /// <summary>Whether there is anything to verify.</summary>
    public bool AsksForSomething => settings.Count > 0;

    /// <summary>The settings that embedding models do not have.</summary>
    public IReadOnlyList<NotApplied> Unsupported => unsupported;

    /// <summary>The settings that the effective configuration does not show.</summary>
    public IReadOnlyList<NotApplied> Compare(KvConfig effective) =>
        [.. unsupported, .. settings.Select(setting => Compare(setting, effective)).OfType<NotApplied>()];

    private static NotApplied? Compare(Setting setting, KvConfig effective)
    {
        var reported = setting.Keys.Select(effective.Find).OfType<JsonElement>().ToList();
        if (reported.Count == 0)
        {
            return setting.Default is { } missing && KvComparison.Same(setting.Value, JsonElement.Parse(missing))
                ? null
                : new NotApplied(setting.Name, setting.Keys[0], setting.Value, null, "LM Studio does not report this setting; it dropped it or does not know it.");
        }

        return reported.Exists(value => KvComparison.Same(setting.Value, value))
            ? null
            : new NotApplied(setting.Name, setting.Keys[0], setting.Value, reported[0],
                string.Create(CultureInfo.InvariantCulture, $"LM Studio uses {reported[0].GetRawText()} instead."));
    }

    private sealed record Setting(string Name, string[] Keys, JsonElement Value, string? Default);
}

/// <summary>A setting that was asked for and is not in effect.</summary>
/// <param name="Name">The setting, as in <see cref="LoadConfiguration"/>, in camel case.</param>
/// <param name="Key">LM Studio's key; null when the model's kind has none.</param>
/// <param name="Requested">The value that was asked for.</param>
/// <param name="Effective">The value in effect; null when unknown.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record NotApplied(string Name, string? Key, JsonElement Requested, JsonElement? Effective, string Reason);
