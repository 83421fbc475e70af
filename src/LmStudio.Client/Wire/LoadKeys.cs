using System.Text.Json;
using static LmStudio.Client.Wire.KvValue;

namespace LmStudio.Client.Wire;

/// <summary>The load settings and their keys, in the order in which LM Studio's own client writes them.</summary>
internal static class LoadKeys
{
    private const string Llm = "llm.load.";
    private const string Llama = "llm.load.llama.";
    private const string Draft = "llm.load.llama.speculativeDecoding.";
    private const string Embedding = "embedding.load.";
    private const string EmbeddingLlama = "embedding.load.llama.";
    private const string Unchecked = """{"checked":false,"value":0}""";

    public static IReadOnlyList<ConfigurationKey<LoadConfiguration>> All { get; } =
    [
        new("autoFit", [Llama + "autoFit", Llm + "mlx.autoFit", Llm + "yuzu.autoFit"], c => Flag(AutoFit(c)), "true"),
        Both("gpuSplit", "load.gpuSplitConfig", "load.gpuSplitConfig", c => Split(c.GpuSplit), """{"strategy":"evenly","disabledGpus":[],"priority":[],"customRatio":[]}"""),
        Both("gpuStrictVramCap", "load.gpuStrictVramCap", "load.gpuStrictVramCap", c => Flag(c.GpuStrictVramCap), "false"),
        Both("gpuOffloadRatio", Llama + "acceleration.offloadRatio", EmbeddingLlama + "acceleration.offloadRatio", c => c.GpuOffloadRatio?.ToJson(), "1"),
        new("cpuExpertLayersRatio", [Llm + "numCpuExpertLayersRatio"], c => c.CpuExpertLayersRatio?.ToJson(), "0"),
        new("numParallelSessions", [Llm + "numParallelSessions"], c => Number(c.NumParallelSessions), "4"),
        new("useUnifiedKvCache", [Llm + "useUnifiedKvCache"], c => Flag(c.UseUnifiedKvCache), "true"),
        new("offloadKvCacheToGpu", [Llm + "offloadKVCacheToGpu"], c => Flag(c.OffloadKvCacheToGpu), "true"),
        Both("contextLength", Llm + "contextLength", Embedding + "contextLength", c => Number(c.ContextLength), "2048"),
        new("autoFitMinContextLength", [Llm + "autoFitMinContextLength"], c => Number(c.AutoFitMinContextLength), "0"),
        Both("ropeFrequencyBase", Llama + "ropeFrequencyBase", EmbeddingLlama + "ropeFrequencyBase", c => Checked(c.RopeFrequencyBase), Unchecked),
        Both("ropeFrequencyScale", Llama + "ropeFrequencyScale", EmbeddingLlama + "ropeFrequencyScale", c => Checked(c.RopeFrequencyScale), Unchecked),
        Both("evalBatchSize", Llama + "evalBatchSize", EmbeddingLlama + "evalBatchSize", c => Number(c.EvalBatchSize), "2048"),
        new("physicalBatchSize", [Llama + "physicalBatchSize"], c => Number(c.PhysicalBatchSize), "512"),
        new("flashAttention", [Llama + "flashAttention"], c => Flag(c.FlashAttention), "false"),
        Both("keepModelInMemory", Llama + "keepModelInMemory", EmbeddingLlama + "keepModelInMemory", c => Flag(c.KeepModelInMemory), "true"),
        Both("seed", Llm + "seed", Embedding + "seed", c => Checked(c.Seed), Unchecked),
        new("useFp16ForKvCache", [Llama + "useFp16ForKVCache"], c => Flag(c.UseFp16ForKvCache), "true"),
        Both("tryMmap", Llama + "tryMmap", EmbeddingLlama + "tryMmap", c => Flag(c.TryMmap), "true"),
        new("tryDirectIO", [Llama + "tryDirectIO"], c => Flag(c.TryDirectIO), "false"),
        new("numExperts", [Llm + "numExperts"], c => Number(c.NumExperts), "0"),
        new("kCacheQuantizationType", [Llama + "kCacheQuantizationType"], c => Checked(c.KCacheQuantizationType), Unchecked),
        new("vCacheQuantizationType", [Llama + "vCacheQuantizationType"], c => Checked(c.VCacheQuantizationType), Unchecked),
        new("cpuThreadPoolSize", [Llama + "cpuThreadPoolSize"], c => Number(c.CpuThreadPoolSize), "4"),
        new("contextCheckpoints", [Llama + "contextCheckpoints"], c => Number(c.ContextCheckpoints), "32"),
        new("reasoningBudgetMessage", [Llama + "reasoningBudgetMessage"], c => Text(c.ReasoningBudgetMessage), "\"\""),
        new("jinjaPromptTemplate", [Llm + "promptTemplate"], c => Template(c.JinjaPromptTemplate)),
        new("argumentsOverride", [Llama + "argumentsOverride"], c => Arguments(c.ArgumentsOverride)),
        new("speculativeDecoding.draftMtp", [Draft + "draftMtp"], c => Flag(c.SpeculativeDecoding?.DraftMtp), "false"),
        new("speculativeDecoding.draftSimple", [Draft + "draftSimple"], c => Flag(c.SpeculativeDecoding?.DraftSimple), "false"),
        new("speculativeDecoding.draftDflashSidecar", [Draft + "draftDflashSidecar"], c => Flag(c.SpeculativeDecoding?.DraftDflashSidecar), "false"),
        new("speculativeDecoding.draftDsparkSidecar", [Draft + "draftDsparkSidecar"], c => Flag(c.SpeculativeDecoding?.DraftDsparkSidecar), "false"),
        new("speculativeDecoding.draftMtpSidecar", [Draft + "draftMtpSidecar"], c => Flag(c.SpeculativeDecoding?.DraftMtpSidecar), "false"),
        new("speculativeDecoding.draftModel", [Draft + "draftModel"], c => Text(c.SpeculativeDecoding?.DraftModel), "\"\""),
        new("speculativeDecoding.draftMaxTokens", [Draft + "draftMaxTokens"], c => Number(c.SpeculativeDecoding?.DraftMaxTokens), "3"),
        new("speculativeDecoding.draftMinTokens", [Draft + "draftMinTokens"], c => Number(c.SpeculativeDecoding?.DraftMinTokens), "0"),
        new("speculativeDecoding.draftMinContinueProbability", [Draft + "draftMinContinueProbability"], c => Number(c.SpeculativeDecoding?.DraftMinContinueProbability), "0"),
        new("mlxDiskCache", [Llm + "mlx.diskCache"], c => Flag(c.MlxDiskCache), "true"),
        new("mlxKvCacheQuantization", [Llm + "mlx.kvCacheQuantization"], c => Quantization(c.MlxKvCacheQuantization), """{"enabled":false,"bits":8,"groupSize":64,"quantizedStart":5000}"""),
        new("vllmGpuMemoryUtilization", [Llm + "vllm.gpuMemoryUtilization"], c => Number(c.VllmGpuMemoryUtilization), "0.92"),
        new("vllmReasoningParser", [Llm + "vllm.reasoningParser"], c => Text(c.VllmReasoningParser), "\"\""),
        new("vllmToolCallParser", [Llm + "vllm.toolCallParser"], c => Text(c.VllmToolCallParser), "\"\""),
        new("hsaOverrideGfxVersion", ["envVars"], c => Environment(c.HsaOverrideGfxVersion), "{}"),
    ];

    private static ConfigurationKey<LoadConfiguration> Both(
        string name, string key, string embeddingKey, Func<LoadConfiguration, JsonElement?> value, string missing) =>
        new(name, [key], value, missing) { EmbeddingKeys = [embeddingKey] };

    /// <summary>Fitting overrides these settings, so giving one of them switches it off.</summary>
    private static bool? AutoFit(LoadConfiguration c)
    {
        var manual = c.ContextLength is not null || c.GpuOffloadRatio is not null || c.CpuExpertLayersRatio is not null
            || c.GpuSplit is not null || c.GpuStrictVramCap is not null;
        return manual && c.AutoFit == true
            ? throw new ArgumentException("AutoFit cannot be true together with a context length, a GPU setting or the VRAM cap.", nameof(c))
            : c.AutoFit ?? (manual ? false : null);
    }

    private static JsonElement? Split(GpuSplit? split) => split is null ? null : Object(writer =>
    {
        writer.WriteString("strategy", split.Strategy);
        writer.WritePropertyName("disabledGpus");
        WriteArray(writer, split.DisabledGpus, writer.WriteNumberValue);
        writer.WritePropertyName("priority");
        WriteArray(writer, split.Priority, writer.WriteNumberValue);
        writer.WritePropertyName("customRatio");
        WriteArray(writer, split.CustomRatio, writer.WriteNumberValue);
    });

    private static JsonElement? Template(string? jinja) => jinja is null ? null : Object(writer =>
    {
        writer.WriteString("type", "jinja");
        writer.WriteStartObject("jinjaPromptTemplate");
        writer.WriteString("template", jinja);
        writer.WriteEndObject();
    });

    private static JsonElement? Arguments(ArgumentsOverride? arguments) => arguments is null ? null : Object(writer =>
    {
        writer.WriteBoolean("enabled", arguments.Enabled);
        writer.WritePropertyName("disabledParameters");
        WriteArray(writer, arguments.DisabledParameters, writer.WriteStringValue);
        writer.WriteStartArray("overrideParameters");
        foreach (var (key, value) in arguments.OverrideParameters)
        {
            writer.WriteStartObject();
            writer.WriteString("key", key);
            writer.WriteString("value", value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("excludeAllConfig", arguments.ExcludeAllConfig);
    });

    private static JsonElement? Quantization(MlxKvCacheQuantization? cache) => cache is null ? null : Object(writer =>
    {
        writer.WriteBoolean("enabled", cache.Enabled);
        writer.WriteNumber("bits", cache.Bits);
        writer.WriteNumber("groupSize", cache.GroupSize);
        writer.WriteNumber("quantizedStart", cache.QuantizedStart);
    });

    private static JsonElement? Environment(string? version) =>
        version is null ? null : Object(writer => writer.WriteString("HSA_OVERRIDE_GFX_VERSION", version));
}
