using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Rest;

/// <summary>The outcome of a load over REST.</summary>
public sealed record RestLoadedModel
{
    /// <summary>The instance's identifier.</summary>
    public required string InstanceId { get; init; }

    /// <summary><c>llm</c> or <c>embedding</c>.</summary>
    public string? Type { get; init; }

    /// <summary>How long the load took.</summary>
    public TimeSpan? LoadTime { get; init; }

    /// <summary>The configuration in effect, as far as REST tells.</summary>
    public JsonElement? LoadConfig { get; init; }

    /// <summary>The settings that were asked for and are not in effect: REST knows five of them.</summary>
    public IReadOnlyList<NotApplied> NotApplied { get; init; } = [];

    internal static RestLoadedModel? TryRead(JsonElement json) => json.Text("instance_id") is not { } id ? null : new()
    {
        InstanceId = id,
        Type = json.Text("type"),
        LoadTime = json.Number("load_time_seconds") is >= 0 and < 1e9 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
        LoadConfig = json.Member("load_config"),
    };
}

/// <summary>The part of a load configuration that REST can carry.</summary>
internal sealed class RestLoadPlan
{
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["contextLength"] = "context_length",
        ["evalBatchSize"] = "eval_batch_size",
        ["flashAttention"] = "flash_attention",
        ["numExperts"] = "num_experts",
        ["offloadKvCacheToGpu"] = "offload_kv_cache_to_gpu",
    };

    private readonly List<(string Name, string? Key, JsonElement Value)> settings = [];

    public RestLoadPlan(LoadConfiguration? configuration)
    {
        if (configuration is null) return;
        foreach (var row in LoadKeys.All)
        {
            if (row.Name == "autoFit" && configuration.AutoFit is null) continue;
            if (row.Value(configuration) is { } value) settings.Add((row.Name, Keys.GetValueOrDefault(row.Name), value));
        }
    }

    public void Write(Utf8JsonWriter writer)
    {
        foreach (var (_, key, value) in settings)
        {
            if (key is null) continue;
            writer.WritePropertyName(key);
            value.WriteTo(writer);
        }
    }

    public IReadOnlyList<NotApplied> Compare(JsonElement? effective) => [.. settings.Select(setting => Compare(setting, effective)).OfType<NotApplied>()];

    private static NotApplied? Compare((string Name, string? Key, JsonElement Value) setting, JsonElement? effective)
    {
        if (setting.Key is null) return new NotApplied(setting.Name, null, setting.Value, null, "LM Studio's REST API has no such setting.");
        if (effective?.Member(setting.Key) is not { } value)
            return new NotApplied(setting.Name, setting.Key, setting.Value, null, "LM Studio does not report this setting.");
        return KvComparison.Same(setting.Value, value)
            ? null
            : new NotApplied(setting.Name, setting.Key, setting.Value, value, $"LM Studio uses {value.GetRawText()} instead.");
    }
}
