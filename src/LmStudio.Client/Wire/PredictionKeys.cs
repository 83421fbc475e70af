using System.Text.Json;
using static LmStudio.Client.Wire.KvValue;

namespace LmStudio.Client.Wire;

/// <summary>The prediction settings and their keys, in the order in which LM Studio's own client writes them.</summary>
internal static class PredictionKeys
{
    private const string Prefix = "llm.prediction.";
    private const string Llama = "llm.prediction.llama.";
    private const string Draft = "llm.prediction.speculativeDecoding.";

    public static IReadOnlyList<ConfigurationKey<PredictionConfiguration>> All { get; } =
    [
        Row("temperature", Prefix + "temperature", c => Number(c.Temperature)),
        Row("contextOverflowPolicy", Prefix + "contextOverflowPolicy", c => Text(c.ContextOverflowPolicy)),
        Row("maxPredictedTokens", Prefix + "maxPredictedTokens", c => Checked(c.MaxPredictedTokens)),
        Row("stopStrings", Prefix + "stopStrings", c => Texts(c.StopStrings)),
        Row("toolCallStopStrings", Prefix + "toolCallStopStrings", c => Texts(c.ToolCallStopStrings)),
        Row("structured", Prefix + "structured", c => Structured(c.Structured)),
        Row("tools", Prefix + "tools", c => Tools(c.Tools)),
        Row("toolChoice", Prefix + "toolChoice", c => ToolChoice(c.ToolChoice)),
        Row("toolNaming", Prefix + "toolNaming", c => Text(c.ToolNaming)),
        Row("topKSampling", Prefix + "topKSampling", c => Number(c.TopKSampling)),
        Row("repeatPenalty", Prefix + "repeatPenalty", c => Checked(c.RepeatPenalty)),
        Row("minPSampling", Prefix + "minPSampling", c => Checked(c.MinPSampling)),
        Row("topPSampling", Prefix + "topPSampling", c => Checked(c.TopPSampling)),
        Row("seed", Prefix + "seed", c => Checked(c.Seed)),
        Row("logProbs", Prefix + "logProbs", c => Checked(c.LogProbs)),
        Row("systemPrompt", Prefix + "systemPrompt", c => Text(c.SystemPrompt)),
        Row("jinjaPromptTemplate", Prefix + "promptTemplate", c => Template(c.JinjaPromptTemplate)),
        Row("enableThinking", Prefix + "reasoning.enableThinking", c => Flag(c.EnableThinking)),
        Row("reasoningBudgetTokens", Prefix + "reasoning.budgetTokens", c => Checked(c.ReasoningBudgetTokens)),
        Row("reasoningParsing", Prefix + "reasoning.parsing", c => Reasoning(c.ReasoningParsing)),
        Row("maxImageDimensionPixels", Prefix + "vision.userMaxImageDimensionPixels", c => Checked(c.MaxImageDimensionPixels)),
        Row("ignoreModelPreferredMaxImageDimension", Prefix + "vision.ignoreModelPreferredMaxImageDimension", c => Flag(c.IgnoreModelPreferredMaxImageDimension)),
        Row("cpuThreads", Llama + "cpuThreads", c => Number(c.CpuThreads)),
        Row("presencePenalty", Llama + "presencePenalty", c => Checked(c.PresencePenalty)),
        Row("frequencyPenalty", Llama + "frequencyPenalty", c => Checked(c.FrequencyPenalty)),
        Row("xtcProbability", Llama + "xtcProbability", c => Checked(c.XtcProbability)),
        Row("xtcThreshold", Llama + "xtcThreshold", c => Checked(c.XtcThreshold)),
        Row("mirostatSampling", Llama + "mirostatSampling", c => Mirostat(c.MirostatSampling)),
        Row("tailFreeSampling", Llama + "tailFreeSampling", c => Checked(c.TailFreeSampling)),
        Row("locallyTypicalSampling", Llama + "locallyTypicalSampling", c => Checked(c.LocallyTypicalSampling)),
        Row("logitBias", Llama + "logitBias", c => LogitBias(c.LogitBias)),
        Row("draftModel", Draft + "draftModel", c => Text(c.DraftModel)),
        Row("numDraftTokensExact", Draft + "numDraftTokensExact", c => Number(c.NumDraftTokensExact)),
        Row("minDraftLengthToConsider", Draft + "minDraftLengthToConsider", c => Number(c.MinDraftLengthToConsider)),
        Row("minContinueDraftingProbability", Draft + "minContinueDraftingProbability", c => Number(c.MinContinueDraftingProbability)),
        Row("maxTokensToDraft", Draft + "maxTokensToDraft", c => Number(c.MaxTokensToDraft)),
        Row("numReuseTokens", Draft + "numReuseTokens", c => Number(c.NumReuseTokens)),
    ];

    private static ConfigurationKey<PredictionConfiguration> Row(string name, string key, Func<PredictionConfiguration, JsonElement?> value) =>
        new(name, [key], value);

    private static JsonElement? Structured(StructuredOutput? output) => output is null ? null : Object(writer =>
    {
        writer.WriteString("type", output.Type);
        WriteOptional(writer, "jsonSchema", output.JsonSchema);
        if (output.GbnfGrammar is not null) writer.WriteString("gbnfGrammar", output.GbnfGrammar);
    });

    private static JsonElement? Tools(IReadOnlyList<ToolDefinition>? tools) => tools is null ? null : Object(writer =>
    {
        writer.WriteString("type", tools.Count == 0 ? "none" : "toolArray");
        if (tools.Count > 0) WriteTools(writer, "tools", tools);
    });

    internal static void WriteTools(Utf8JsonWriter writer, string member, IEnumerable<ToolDefinition> tools)
    {
        writer.WriteStartArray(member);
        foreach (var tool in tools)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            writer.WriteString("name", tool.Name);
            if (tool.Description is not null) writer.WriteString("description", tool.Description);
            WriteOptional(writer, "parameters", tool.Parameters);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static JsonElement? ToolChoice(string? mode) => mode is null ? null : Object(writer =>
    {
        writer.WriteString("type", "generic");
        writer.WriteString("mode", mode);
    });

    private static JsonElement? Template(string? jinja) => jinja is null ? null : Object(writer =>
    {
        writer.WriteString("type", "jinja");
        writer.WriteStartObject("jinjaPromptTemplate");
        writer.WriteString("template", jinja);
        writer.WriteEndObject();
        writer.WriteStartArray("stopStrings");
        writer.WriteEndArray();
    });

    private static JsonElement? Reasoning(ReasoningParsing? parsing) => parsing is null ? null : Object(writer =>
    {
        writer.WriteBoolean("enabled", parsing.Enabled);
        writer.WriteString("startString", parsing.StartString);
        writer.WriteString("endString", parsing.EndString);
    });

    private static JsonElement? Mirostat(MirostatSampling? sampling) => sampling is null ? null : Object(writer =>
    {
        writer.WriteNumber("version", sampling.Version);
        writer.WriteNumber("learningRate", sampling.LearningRate);
        writer.WriteNumber("targetEntropy", sampling.TargetEntropy);
    });

    private static JsonElement? LogitBias(IReadOnlyDictionary<int, double>? bias) => bias is null ? null : Of(writer =>
        WriteArray(writer, bias, entry =>
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(entry.Key);
            if (double.IsNegativeInfinity(entry.Value)) writer.WriteStringValue("-inf");
            else writer.WriteNumberValue(entry.Value);
            writer.WriteEndArray();
        }));

    private static void WriteOptional(Utf8JsonWriter writer, string name, JsonElement? value)
    {
        if (value is not { } present) return;
        writer.WritePropertyName(name);
        present.WriteTo(writer);
    }
}
