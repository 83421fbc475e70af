using System.Text.Json;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Wire;

public sealed class PredictionConfigurationTests
{
    public static TheoryData<PredictionConfiguration, string, string> Rows() => new()
    {
        { new() { Temperature = 0.5 }, "llm.prediction.temperature", "0.5" },
        { new() { ContextOverflowPolicy = "rollingWindow" }, "llm.prediction.contextOverflowPolicy", "\"rollingWindow\"" },
        { new() { MaxPredictedTokens = 7 }, "llm.prediction.maxPredictedTokens", """{"checked":true,"value":7}""" },
        { new() { StopStrings = [] }, "llm.prediction.stopStrings", "[]" },
        { new() { ToolCallStopStrings = ["x"] }, "llm.prediction.toolCallStopStrings", """["x"]""" },
        { new() { Structured = StructuredOutput.Gbnf("root ::= \"a\"") }, "llm.prediction.structured", """{"type":"gbnf","gbnfGrammar":"root ::= \"a\""}""" },
        { new() { Structured = StructuredOutput.Json() }, "llm.prediction.structured", """{"type":"json"}""" },
        { new() { Tools = [] }, "llm.prediction.tools", """{"type":"none"}""" },
        { new() { Tools = [new("f")] }, "llm.prediction.tools", """{"type":"toolArray","tools":[{"type":"function","function":{"name":"f"}}]}""" },
        { new() { ToolChoice = "required" }, "llm.prediction.toolChoice", """{"type":"generic","mode":"required"}""" },
        { new() { ToolNaming = "passThrough" }, "llm.prediction.toolNaming", "\"passThrough\"" },
        { new() { TopKSampling = -1 }, "llm.prediction.topKSampling", "-1" },
        { new() { TopPSampling = 0.9 }, "llm.prediction.topPSampling", """{"checked":true,"value":0.9}""" },
        { new() { MinPSampling = 0.1 }, "llm.prediction.minPSampling", """{"checked":true,"value":0.1}""" },
        { new() { RepeatPenalty = 1.1 }, "llm.prediction.repeatPenalty", """{"checked":true,"value":1.1}""" },
        { new() { Seed = 1 }, "llm.prediction.seed", """{"checked":true,"value":1}""" },
        { new() { LogProbs = 3 }, "llm.prediction.logProbs", """{"checked":true,"value":3}""" },
        { new() { SystemPrompt = "s" }, "llm.prediction.systemPrompt", "\"s\"" },
        { new() { JinjaPromptTemplate = "t" }, "llm.prediction.promptTemplate", """{"type":"jinja","jinjaPromptTemplate":{"template":"t"},"stopStrings":[]}""" },
        { new() { EnableThinking = false }, "llm.prediction.reasoning.enableThinking", "false" },
        { new() { ReasoningBudgetTokens = 64 }, "llm.prediction.reasoning.budgetTokens", """{"checked":true,"value":64}""" },
        { new() { ReasoningParsing = new() }, "llm.prediction.reasoning.parsing", """{"enabled":true,"startString":"<think>","endString":"</think>"}""" },
        { new() { MaxImageDimensionPixels = 512 }, "llm.prediction.vision.userMaxImageDimensionPixels", """{"checked":true,"value":512}""" },
        { new() { IgnoreModelPreferredMaxImageDimension = true }, "llm.prediction.vision.ignoreModelPreferredMaxImageDimension", "true" },
        { new() { CpuThreads = 2 }, "llm.prediction.llama.cpuThreads", "2" },
        { new() { PresencePenalty = 0.5 }, "llm.prediction.llama.presencePenalty", """{"checked":true,"value":0.5}""" },
        { new() { FrequencyPenalty = 0.5 }, "llm.prediction.llama.frequencyPenalty", """{"checked":true,"value":0.5}""" },
        { new() { XtcProbability = 0.5 }, "llm.prediction.llama.xtcProbability", """{"checked":true,"value":0.5}""" },
        { new() { XtcThreshold = 0.1 }, "llm.prediction.llama.xtcThreshold", """{"checked":true,"value":0.1}""" },
        { new() { MirostatSampling = new(2, 0.1, 5) }, "llm.prediction.llama.mirostatSampling", """{"version":2,"learningRate":0.1,"targetEntropy":5}""" },
        { new() { TailFreeSampling = 1 }, "llm.prediction.llama.tailFreeSampling", """{"checked":true,"value":1}""" },
        { new() { LocallyTypicalSampling = 1 }, "llm.prediction.llama.locallyTypicalSampling", """{"checked":true,"value":1}""" },
        { new() { LogitBias = new Dictionary<int, double> { [5] = -1.5, [6] = double.NegativeInfinity } }, "llm.prediction.llama.logitBias", """[[5,-1.5],[6,"-inf"]]""" },
        { new() { DraftModel = "d" }, "llm.prediction.speculativeDecoding.draftModel", "\"d\"" },
        { new() { NumDraftTokensExact = 2 }, "llm.prediction.speculativeDecoding.numDraftTokensExact", "2" },
        { new() { MinDraftLengthToConsider = 1 }, "llm.prediction.speculativeDecoding.minDraftLengthToConsider", "1" },
        { new() { MinContinueDraftingProbability = 0.75 }, "llm.prediction.speculativeDecoding.minContinueDraftingProbability", "0.75" },
        { new() { MaxTokensToDraft = 16 }, "llm.prediction.speculativeDecoding.maxTokensToDraft", "16" },
        { new() { NumReuseTokens = 256 }, "llm.prediction.speculativeDecoding.numReuseTokens", "256" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_setting_has_its_key_and_its_shape(PredictionConfiguration configuration, string key, string value)
    {
        var field = Assert.Single(configuration.ToConfig().Fields);
        Assert.Equal(key, field.Key);
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(value), field.Value), field.Value.GetRawText());
    }

    [Fact]
    public void The_table_above_knows_every_setting() =>
        Assert.Equal(PredictionKeys.All.SelectMany(row => row.Keys).Order(), Rows().Select(row => row.Data.Item2).Distinct().Order());
}
