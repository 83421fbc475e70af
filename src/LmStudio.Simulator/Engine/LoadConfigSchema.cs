using System.Globalization;
using System.Text.Json;

namespace LmStudio.Simulator.Engine;

/// <summary>The load keys that LM Studio knows, their defaults, and how a load's effective configuration is made from what was sent.</summary>
public static class LoadConfigSchema
{
    public const string LlmContextLength = "llm.load.contextLength";
    public const string EmbeddingContextLength = "embedding.load.contextLength";
    public const string ParallelSessions = "llm.load.numParallelSessions";
    public const string OffloadRatio = "llm.load.llama.acceleration.offloadRatio";
    public const string AutoFit = "llm.load.llama.autoFit";

    private const string Template = "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{% endfor %}";

    private static readonly (string Key, string Default)[] Llm =
    [
        (AutoFit, "true"),
        ("llm.load.mlx.autoFit", "true"),
        ("llm.load.yuzu.autoFit", "true"),
        ("load.gpuSplitConfig", """{"strategy":"evenly","disabledGpus":[],"priority":[],"customRatio":[]}"""),
        ("load.gpuStrictVramCap", "false"),
        (OffloadRatio, "1"),
        ("llm.load.numCpuExpertLayersRatio", "0"),
        (ParallelSessions, "4"),
        ("llm.load.useUnifiedKvCache", "true"),
        ("llm.load.offloadKVCacheToGpu", "true"),
        (LlmContextLength, "4096"),
        ("llm.load.autoFitMinContextLength", "0"),
        ("llm.load.llama.cpuThreadPoolSize", "4"),
        ("llm.load.llama.ropeFrequencyBase", """{"checked":false,"value":0}"""),
        ("llm.load.llama.ropeFrequencyScale", """{"checked":false,"value":0}"""),
        ("llm.load.llama.evalBatchSize", "512"),
        ("llm.load.llama.physicalBatchSize", "512"),
        ("llm.load.llama.flashAttention", "true"),
        ("llm.load.llama.contextCheckpoints", "32"),
        ("llm.load.llama.reasoningBudgetMessage", "\"\""),
        ("llm.load.llama.keepModelInMemory", "true"),
        ("llm.load.seed", """{"checked":false,"value":-1}"""),
        ("llm.load.llama.useFp16ForKVCache", "true"),
        ("llm.load.llama.tryMmap", "true"),
        ("llm.load.llama.tryDirectIO", "false"),
        ("llm.load.numExperts", "0"),
        ("llm.load.llama.kCacheQuantizationType", """{"checked":false,"value":"f16"}"""),
        ("llm.load.llama.vCacheQuantizationType", """{"checked":false,"value":"f16"}"""),
        ("llm.load.llama.argumentsOverride", """{"enabled":false,"disabledParameters":[],"overrideParameters":[],"excludeAllConfig":false}"""),
        ("llm.load.llama.speculativeDecoding.draftMtp", "false"),
        ("llm.load.llama.speculativeDecoding.draftSimple", "false"),
        ("llm.load.llama.speculativeDecoding.draftDflashSidecar", "false"),
        ("llm.load.llama.speculativeDecoding.draftDsparkSidecar", "false"),
        ("llm.load.llama.speculativeDecoding.draftMtpSidecar", "false"),
        ("llm.load.llama.speculativeDecoding.draftModel", "\"\""),
        ("llm.load.llama.speculativeDecoding.draftMaxTokens", "3"),
        ("llm.load.llama.speculativeDecoding.draftMinTokens", "0"),
        ("llm.load.llama.speculativeDecoding.draftMinContinueProbability", "0"),
        ("llm.load.mlx.diskCache", "true"),
        ("llm.load.mlx.kvCacheQuantization", """{"enabled":false,"bits":8,"groupSize":64,"quantizedStart":5000}"""),
        ("llm.load.vllm.gpuMemoryUtilization", "0.92"),
        ("llm.load.vllm.reasoningParser", "\"\""),
        ("llm.load.vllm.toolCallParser", "\"\""),
        ("llm.load.promptTemplate", $$$"""{"type":"jinja","jinjaPromptTemplate":{"template":"{{{Template}}}"},"stopStrings":[]}"""),
        ("envVars", "{}"),
    ];

    private static readonly (string Key, string Default)[] Embedding =
    [
        ("load.gpuSplitConfig", """{"strategy":"evenly","disabledGpus":[],"priority":[],"customRatio":[]}"""),
        ("load.gpuStrictVramCap", "false"),
        (EmbeddingContextLength, "2048"),
        ("embedding.load.seed", """{"checked":false,"value":-1}"""),
        ("embedding.load.llama.acceleration.offloadRatio", "1"),
        ("embedding.load.llama.evalBatchSize", "2048"),
        ("embedding.load.llama.ropeFrequencyBase", """{"checked":false,"value":0}"""),
        ("embedding.load.llama.ropeFrequencyScale", """{"checked":false,"value":0}"""),
        ("embedding.load.llama.keepModelInMemory", "true"),
        ("embedding.load.llama.tryMmap", "true"),
    ];

    private static readonly KvConfig LlmDefaults = Parse(Llm);
    private static readonly KvConfig EmbeddingDefaults = Parse(Embedding);

    /// <summary>
    /// What a load really uses: defaults under what was sent; unknown keys and values of a wrong kind dropped; <c>"max"</c> and <c>"off"</c>
    /// read back as 1 and 0; with automatic fitting left on, the context length and the offload ratio that were sent are not honoured.
    /// </summary>
    public static KvConfig Effective(SimulatedModel model, SimulatorOptions settings, KvConfig sent)
    {
        var isLlm = model.Domain == ModelDomain.Llm;
        var defaults = isLlm ? LlmDefaults : EmbeddingDefaults;
        var fitted = isLlm && (sent.Bool(AutoFit) ?? true);
        return new KvConfig(defaults.Fields.Select(field =>
        {
            var fallback = Fallback(field, model, settings);
            if (fitted && field.Key is LlmContextLength or OffloadRatio) return fallback;
            return sent[field.Key] is { } value && Normalised(field, value) is { } normalised ? field with { Value = normalised } : fallback;
        }));
    }

    private static KvField Fallback(KvField field, SimulatedModel model, SimulatorOptions settings) => field.Key switch
    {
        ParallelSessions => field with { Value = Number(settings.ParallelSessions) },
        LlmContextLength or EmbeddingContextLength => field with { Value = Number(Math.Min(field.Value.GetInt32(), model.MaxContextLength)) },
        _ => field,
    };

    private static JsonElement? Normalised(KvField known, JsonElement value)
    {
        if (known.Key.EndsWith("Ratio", StringComparison.Ordinal) && value.ValueKind == JsonValueKind.String)
            return value.GetString() switch { "max" => Number(1), "off" => Number(0), _ => null };
        return Kind(known.Value) == Kind(value) ? value : null;
    }

    private static JsonValueKind Kind(JsonElement value) => value.ValueKind == JsonValueKind.False ? JsonValueKind.True : value.ValueKind;

    private static JsonElement Number(int value) => JsonElement.Parse(value.ToString(CultureInfo.InvariantCulture));

    private static KvConfig Parse((string Key, string Default)[] keys) => new(keys.Select(key => new KvField(key.Key, JsonElement.Parse(key.Default))));
}
