using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>Settings of one prediction. What is null is left to the model's own settings.</summary>
public sealed record PredictionConfiguration
{
    /// <summary>Sampling temperature, from 0.</summary>
    public double? Temperature { get; init; }

    /// <summary>What happens when the context is full: <c>stopAtLimit</c>, <c>truncateMiddle</c> or <c>rollingWindow</c>.</summary>
    public string? ContextOverflowPolicy { get; init; }

    /// <summary>Most tokens to predict.</summary>
    public Checkable<int>? MaxPredictedTokens { get; init; }

    /// <summary>Texts that end the prediction.</summary>
    public IReadOnlyList<string>? StopStrings { get; init; }

    /// <summary>Texts that end the prediction inside a tool call.</summary>
    public IReadOnlyList<string>? ToolCallStopStrings { get; init; }

    /// <summary>Shape that the answer must have.</summary>
    public StructuredOutput? Structured { get; init; }

    /// <summary>Tools that the model may call.</summary>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }

    /// <summary><c>none</c>, <c>auto</c> or <c>required</c>.</summary>
    public string? ToolChoice { get; init; }

    /// <summary>How tool names reach the model: <c>passThrough</c>, <c>removeSpecial</c>, <c>snakeCase</c> or <c>camelCase</c>.</summary>
    public string? ToolNaming { get; init; }

    /// <summary>Tokens to choose among.</summary>
    public int? TopKSampling { get; init; }

    /// <summary>Penalty for repeating.</summary>
    public Checkable<double>? RepeatPenalty { get; init; }

    /// <summary>Least probability relative to the best token.</summary>
    public Checkable<double>? MinPSampling { get; init; }

    /// <summary>Cumulative probability to choose among.</summary>
    public Checkable<double>? TopPSampling { get; init; }

    /// <summary>Random seed.</summary>
    public Checkable<long>? Seed { get; init; }

    /// <summary>Log probabilities of so many candidates.</summary>
    public Checkable<int>? LogProbs { get; init; }

    /// <summary>System prompt.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>A Jinja prompt template in place of the model's.</summary>
    public string? JinjaPromptTemplate { get; init; }

    /// <summary>Whether the model may think first.</summary>
    public bool? EnableThinking { get; init; }

    /// <summary>Most tokens to think.</summary>
    public Checkable<int>? ReasoningBudgetTokens { get; init; }

    /// <summary>How reasoning is told from the answer.</summary>
    public ReasoningParsing? ReasoningParsing { get; init; }

    /// <summary>Largest side of an image, in pixels; larger ones are shrunk.</summary>
    public Checkable<int>? MaxImageDimensionPixels { get; init; }

    /// <summary>Whether the model's own preference for that is ignored.</summary>
    public bool? IgnoreModelPreferredMaxImageDimension { get; init; }

    /// <summary>Threads on the CPU.</summary>
    public int? CpuThreads { get; init; }

    /// <summary>Penalty for tokens that occurred.</summary>
    public Checkable<double>? PresencePenalty { get; init; }

    /// <summary>Penalty by how often a token occurred.</summary>
    public Checkable<double>? FrequencyPenalty { get; init; }

    /// <summary>XTC: probability.</summary>
    public Checkable<double>? XtcProbability { get; init; }

    /// <summary>XTC: threshold.</summary>
    public Checkable<double>? XtcThreshold { get; init; }

    /// <summary>Mirostat.</summary>
    public MirostatSampling? MirostatSampling { get; init; }

    /// <summary>Tail-free sampling.</summary>
    public Checkable<double>? TailFreeSampling { get; init; }

    /// <summary>Locally typical sampling.</summary>
    public Checkable<double>? LocallyTypicalSampling { get; init; }

    /// <summary>Added to the logits of tokens; negative infinity forbids one.</summary>
    public IReadOnlyDictionary<int, double>? LogitBias { get; init; }

    /// <summary>Speculative decoding: key of the draft model.</summary>
    public string? DraftModel { get; init; }

    /// <summary>Speculative decoding: tokens to draft at once, exactly.</summary>
    public int? NumDraftTokensExact { get; init; }

    /// <summary>Speculative decoding: shortest draft worth checking.</summary>
    public int? MinDraftLengthToConsider { get; init; }

    /// <summary>Speculative decoding: probability under which drafting stops.</summary>
    public double? MinContinueDraftingProbability { get; init; }

    /// <summary>Speculative decoding: most tokens to draft.</summary>
    public int? MaxTokensToDraft { get; init; }

    /// <summary>Speculative decoding: tokens to reuse.</summary>
    public int? NumReuseTokens { get; init; }

    internal KvConfig ToConfig() =>
        new([.. from row in PredictionKeys.All
                let value = row.Value(this)
                where value is not null
                from key in row.Keys
                select new KvField(key, value.Value)]);
}

/// <summary>Shape that an answer must have.</summary>
public sealed record StructuredOutput
{
    private StructuredOutput(string type) => Type = type;

    /// <summary><c>json</c> or <c>gbnf</c>.</summary>
    public string Type { get; }

    /// <summary>The schema, for <c>json</c>.</summary>
    public JsonElement? JsonSchema { get; private init; }

    /// <summary>The grammar, for <c>gbnf</c>.</summary>
    public string? GbnfGrammar { get; private init; }

    /// <summary>JSON, of any shape or of the schema's.</summary>
    public static StructuredOutput Json(JsonElement? schema = null) => new("json") { JsonSchema = schema };

    /// <summary>Whatever the grammar allows.</summary>
    public static StructuredOutput Gbnf(string grammar) => new("gbnf") { GbnfGrammar = grammar };
}

/// <summary>A tool that the model may call. The parameters are a JSON schema of the type <c>object</c>.</summary>
public sealed record ToolDefinition(string Name, string? Description = null, JsonElement? Parameters = null);

/// <summary>Texts that begin and end reasoning.</summary>
public sealed record ReasoningParsing(bool Enabled = true, string StartString = "<think>", string EndString = "</think>");

/// <summary>Mirostat sampling: version 0 (off), 1 or 2.</summary>
public sealed record MirostatSampling(int Version, double LearningRate, double TargetEntropy);
