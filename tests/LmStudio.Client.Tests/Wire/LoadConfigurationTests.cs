using System.Text.Json;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Wire;

public sealed class LoadConfigurationTests
{
    /// <summary>Each setting, its key for language models, its key for embedding models, and the value on the wire.</summary>
    public static TheoryData<string, LoadConfiguration, string, string?, string> Rows() => new()
    {
        { "contextLength", new() { ContextLength = 8192 }, "llm.load.contextLength", "embedding.load.contextLength", "8192" },
        { "autoFitMinContextLength", new() { AutoFitMinContextLength = 1 }, "llm.load.autoFitMinContextLength", null, "1" },
        { "numExperts", new() { NumExperts = 8 }, "llm.load.numExperts", null, "8" },
        { "seed", new() { Seed = 42 }, "llm.load.seed", "embedding.load.seed", """{"checked":true,"value":42}""" },
        { "seed", new() { Seed = Checkable.Off(-1L) }, "llm.load.seed", "embedding.load.seed", """{"checked":false,"value":-1}""" },
        { "jinjaPromptTemplate", new() { JinjaPromptTemplate = "{{ x }}" }, "llm.load.promptTemplate", null, """{"type":"jinja","jinjaPromptTemplate":{"template":"{{ x }}"}}""" },
        { "offloadKvCacheToGpu", new() { OffloadKvCacheToGpu = false }, "llm.load.offloadKVCacheToGpu", null, "false" },
        { "cpuExpertLayersRatio", new() { CpuExpertLayersRatio = OffloadRatio.Off }, "llm.load.numCpuExpertLayersRatio", null, "\"off\"" },
        { "numParallelSessions", new() { NumParallelSessions = 2 }, "llm.load.numParallelSessions", null, "2" },
        { "useUnifiedKvCache", new() { UseUnifiedKvCache = true }, "llm.load.useUnifiedKvCache", null, "true" },
        { "gpuOffloadRatio", new() { GpuOffloadRatio = OffloadRatio.Max }, "llm.load.llama.acceleration.offloadRatio", "embedding.load.llama.acceleration.offloadRatio", "\"max\"" },
        { "gpuOffloadRatio", new() { GpuOffloadRatio = 0.25 }, "llm.load.llama.acceleration.offloadRatio", "embedding.load.llama.acceleration.offloadRatio", "0.25" },
        { "cpuThreadPoolSize", new() { CpuThreadPoolSize = 6 }, "llm.load.llama.cpuThreadPoolSize", null, "6" },
        { "evalBatchSize", new() { EvalBatchSize = 512 }, "llm.load.llama.evalBatchSize", "embedding.load.llama.evalBatchSize", "512" },
        { "physicalBatchSize", new() { PhysicalBatchSize = 256 }, "llm.load.llama.physicalBatchSize", null, "256" },
        { "flashAttention", new() { FlashAttention = true }, "llm.load.llama.flashAttention", null, "true" },
        { "contextCheckpoints", new() { ContextCheckpoints = 0 }, "llm.load.llama.contextCheckpoints", null, "0" },
        { "reasoningBudgetMessage", new() { ReasoningBudgetMessage = "enough" }, "llm.load.llama.reasoningBudgetMessage", null, "\"enough\"" },
        { "ropeFrequencyBase", new() { RopeFrequencyBase = 10000 }, "llm.load.llama.ropeFrequencyBase", "embedding.load.llama.ropeFrequencyBase", """{"checked":true,"value":10000}""" },
        { "ropeFrequencyScale", new() { RopeFrequencyScale = 0.5 }, "llm.load.llama.ropeFrequencyScale", "embedding.load.llama.ropeFrequencyScale", """{"checked":true,"value":0.5}""" },
        { "keepModelInMemory", new() { KeepModelInMemory = false }, "llm.load.llama.keepModelInMemory", "embedding.load.llama.keepModelInMemory", "false" },
        { "useFp16ForKvCache", new() { UseFp16ForKvCache = false }, "llm.load.llama.useFp16ForKVCache", null, "false" },
        { "tryMmap", new() { TryMmap = false }, "llm.load.llama.tryMmap", "embedding.load.llama.tryMmap", "false" },
        { "tryDirectIO", new() { TryDirectIO = true }, "llm.load.llama.tryDirectIO", null, "true" },
        { "kCacheQuantizationType", new() { KCacheQuantizationType = "q8_0" }, "llm.load.llama.kCacheQuantizationType", null, """{"checked":true,"value":"q8_0"}""" },
        { "vCacheQuantizationType", new() { VCacheQuantizationType = Checkable.Off("f16") }, "llm.load.llama.vCacheQuantizationType", null, """{"checked":false,"value":"f16"}""" },
        { "argumentsOverride", new() { ArgumentsOverride = new() { DisabledParameters = ["a"], OverrideParameters = new Dictionary<string, string> { ["--x"] = "1" } } }, "llm.load.llama.argumentsOverride", null, """{"enabled":true,"disabledParameters":["a"],"overrideParameters":[{"key":"--x","value":"1"}],"excludeAllConfig":false}""" },
        { "speculativeDecoding.draftMtp", new() { SpeculativeDecoding = new() { DraftMtp = true } }, "llm.load.llama.speculativeDecoding.draftMtp", null, "true" },
        { "speculativeDecoding.draftSimple", new() { SpeculativeDecoding = new() { DraftSimple = true } }, "llm.load.llama.speculativeDecoding.draftSimple", null, "true" },
        { "speculativeDecoding.draftDflashSidecar", new() { SpeculativeDecoding = new() { DraftDflashSidecar = true } }, "llm.load.llama.speculativeDecoding.draftDflashSidecar", null, "true" },
        { "speculativeDecoding.draftDsparkSidecar", new() { SpeculativeDecoding = new() { DraftDsparkSidecar = true } }, "llm.load.llama.speculativeDecoding.draftDsparkSidecar", null, "true" },
        { "speculativeDecoding.draftMtpSidecar", new() { SpeculativeDecoding = new() { DraftMtpSidecar = true } }, "llm.load.llama.speculativeDecoding.draftMtpSidecar", null, "true" },
        { "speculativeDecoding.draftModel", new() { SpeculativeDecoding = new() { DraftModel = "d" } }, "llm.load.llama.speculativeDecoding.draftModel", null, "\"d\"" },
        { "speculativeDecoding.draftMaxTokens", new() { SpeculativeDecoding = new() { DraftMaxTokens = 5 } }, "llm.load.llama.speculativeDecoding.draftMaxTokens", null, "5" },
        { "speculativeDecoding.draftMinTokens", new() { SpeculativeDecoding = new() { DraftMinTokens = 1 } }, "llm.load.llama.speculativeDecoding.draftMinTokens", null, "1" },
        { "speculativeDecoding.draftMinContinueProbability", new() { SpeculativeDecoding = new() { DraftMinContinueProbability = 0.5 } }, "llm.load.llama.speculativeDecoding.draftMinContinueProbability", null, "0.5" },
        { "mlxDiskCache", new() { MlxDiskCache = false }, "llm.load.mlx.diskCache", null, "false" },
        { "mlxKvCacheQuantization", new() { MlxKvCacheQuantization = new() { Bits = 4 } }, "llm.load.mlx.kvCacheQuantization", null, """{"enabled":true,"bits":4,"groupSize":64,"quantizedStart":5000}""" },
        { "vllmGpuMemoryUtilization", new() { VllmGpuMemoryUtilization = 0.5 }, "llm.load.vllm.gpuMemoryUtilization", null, "0.5" },
        { "vllmReasoningParser", new() { VllmReasoningParser = "r" }, "llm.load.vllm.reasoningParser", null, "\"r\"" },
        { "vllmToolCallParser", new() { VllmToolCallParser = "t" }, "llm.load.vllm.toolCallParser", null, "\"t\"" },
        { "gpuSplit", new() { GpuSplit = new() { Strategy = "custom", CustomRatio = [0.5, 0.5] } }, "load.gpuSplitConfig", "load.gpuSplitConfig", """{"strategy":"custom","disabledGpus":[],"priority":[],"customRatio":[0.5,0.5]}""" },
        { "gpuStrictVramCap", new() { GpuStrictVramCap = true }, "load.gpuStrictVramCap", "load.gpuStrictVramCap", "true" },
        { "hsaOverrideGfxVersion", new() { HsaOverrideGfxVersion = "11.0.0" }, "envVars", null, """{"HSA_OVERRIDE_GFX_VERSION":"11.0.0"}""" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_setting_has_its_key_and_its_shape(string name, LoadConfiguration configuration, string key, string? embeddingKey, string value)
    {
        var expected = JsonElement.Parse(value);
        var sent = new LoadPlan(configuration, forEmbedding: false).Config.Find(key);
        Assert.True(sent is { } llm && JsonElement.DeepEquals(expected, llm), $"{name}: {sent}");

        var embedding = new LoadPlan(configuration, forEmbedding: true);
        if (embeddingKey is null)
        {
            Assert.Empty(embedding.Config.Fields);
            Assert.Equal(name, Assert.Single(embedding.Unsupported).Name);
        }
        else
        {
            Assert.Equal(embeddingKey, Assert.Single(embedding.Config.Fields).Key);
            Assert.Empty(embedding.Unsupported);
        }
    }

    [Fact]
    public void The_table_above_knows_every_setting() =>
        Assert.Equal(LoadKeys.All.Select(row => row.Name).Where(name => name != "autoFit").Order(), Rows().Select(row => row.Data.Item1).Distinct().Order());

    [Fact]
    public void Manual_settings_switch_fitting_off_in_all_three_engines_and_others_leave_it_alone()
    {
        string[] keys = ["llm.load.llama.autoFit", "llm.load.mlx.autoFit", "llm.load.yuzu.autoFit"];
        LoadConfiguration[] manual =
        [
            new() { ContextLength = 1 }, new() { GpuOffloadRatio = 1 }, new() { CpuExpertLayersRatio = 1 }, new() { GpuSplit = new() }, new() { GpuStrictVramCap = false },
        ];
        foreach (var configuration in manual)
        {
            var config = new LoadPlan(configuration, forEmbedding: false).Config;
            Assert.All(keys, key => Assert.False(config.Find(key)!.Value.GetBoolean()));
            Assert.Throws<ArgumentException>(() => new LoadPlan(configuration with { AutoFit = true }, forEmbedding: false));
        }

        Assert.Empty(new LoadPlan(new(), forEmbedding: false).Config.Fields);
        Assert.Null(new LoadPlan(new() { FlashAttention = true }, forEmbedding: false).Config.Find(keys[0]));
        Assert.True(new LoadPlan(new() { AutoFit = true }, forEmbedding: false).Config.Find(keys[1])!.Value.GetBoolean());
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_ratio_outside_0_to_1_is_refused(double share) => Assert.Throws<ArgumentOutOfRangeException>(() => OffloadRatio.Of(share));

    [Theory]
    [InlineData("\"max\"", "1", true)]
    [InlineData("1", "\"max\"", true)]
    [InlineData("\"off\"", "0", true)]
    [InlineData("\"max\"", "0.9", false)]
    [InlineData("0.1", "0.10000000149011612", true)]
    [InlineData("10000", "10000.0", true)]
    [InlineData("8192", "4096", false)]
    [InlineData("true", "1", false)]
    [InlineData("\"a\"", "\"b\"", false)]
    [InlineData("[1,2]", "[1,2.0]", true)]
    [InlineData("[1,2]", "[1]", false)]
    [InlineData("""{"checked":false,"value":0}""", """{"checked":false,"value":7}""", true)]
    [InlineData("""{"checked":true,"value":1}""", """{"checked":true,"value":2}""", false)]
    [InlineData("""{"checked":true,"value":1}""", """{"checked":false,"value":1}""", false)]
    [InlineData("""{"a":1}""", """{"a":1,"later":2}""", true)]
    [InlineData("""{"a":1,"b":2}""", """{"a":1}""", false)]
    public void Values_are_compared_by_meaning(string requested, string effective, bool same) =>
        Assert.Equal(same, KvComparison.Same(JsonElement.Parse(requested), JsonElement.Parse(effective)));

    [Fact]
    public void What_LM_Studio_changed_or_dropped_is_reported_and_a_default_that_it_leaves_out_is_not()
    {
        var plan = new LoadPlan(new() { ContextLength = 8192, FlashAttention = true, TryMmap = true, NumExperts = 4, GpuOffloadRatio = OffloadRatio.Max }, forEmbedding: false);
        var effective = new KvConfig(
        [
            new("llm.load.contextLength", JsonElement.Parse("4096")),
            new("llm.load.llama.acceleration.offloadRatio", JsonElement.Parse("1")),
            new("llm.load.numExperts", JsonElement.Parse("4")),
        ]);

        var missing = plan.Compare(effective);

        Assert.Equal(["contextLength", "flashAttention"], missing.Select(item => item.Name));
        Assert.Equal(("llm.load.contextLength", "8192", "4096"), (missing[0].Key, missing[0].Requested.GetRawText(), missing[0].Effective?.GetRawText()));
        Assert.Equal("LM Studio uses 4096 instead.", missing[0].Reason);
        Assert.Null(missing[1].Effective);
    }
}
