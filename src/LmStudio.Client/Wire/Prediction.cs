using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A prediction to make.</summary>
public sealed record PredictionRequest
{
    /// <summary>The loaded model.</summary>
    public required ModelSpecifier Model { get; init; }

    /// <summary>The conversation to continue.</summary>
    public required ChatHistory History { get; init; }

    /// <summary>Settings; null leaves all to the model's own.</summary>
    public PredictionConfiguration? Configuration { get; init; }

    /// <summary>A preset of the application, by identifier or name.</summary>
    public string? Preset { get; init; }

    /// <summary>Whether settings of the server session are ignored.</summary>
    public bool? IgnoreServerSessionConfig { get; init; }

    internal void Write(Utf8JsonWriter writer)
    {
        Model.Write(writer, "modelSpecifier");
        History.Write(writer);
        KvConfig.WriteStack(writer, "predictionConfigStack", Configuration?.ToConfig() ?? KvConfig.Empty);
        if (Preset is not null) writer.WriteString("fuzzyPresetIdentifier", Preset);
        if (IgnoreServerSessionConfig is { } ignore) writer.WriteBoolean("ignoreServerSessionConfig", ignore);
    }
}

/// <summary>What happens during a prediction, in order; <see cref="Finished"/> is always the last.</summary>
public abstract record PredictionEvent
{
    private PredictionEvent()
    {
    }

    /// <summary>How much of the prompt is read, 0 to 1; token counts when LM Studio gives them.</summary>
    public sealed record PromptProgress(double Fraction, PromptTokens? Tokens) : PredictionEvent;

    /// <summary>A piece of the answer or of the reasoning.</summary>
    public sealed record Fragment(string Content) : PredictionEvent
    {
        /// <summary>Tokens in the piece.</summary>
        public int TokensCount { get; init; }

        /// <summary>Whether some of them were drafted.</summary>
        public bool ContainsDrafted { get; init; }

        /// <summary>Whether this is reasoning.</summary>
        public ReasoningType ReasoningType { get; init; }

        /// <summary>Whether this belongs to the full text only, not to the answer or the reasoning, such as a tag.</summary>
        public bool IsStructural { get; init; }

        /// <summary>The tokens with their probabilities, as LM Studio gives them when log probabilities were asked for.</summary>
        public JsonElement? Tokens { get; init; }
    }

    /// <summary>The model begins a tool call.</summary>
    public sealed record ToolCallStarted(string? ToolCallId) : PredictionEvent;

    /// <summary>The tool's name is known.</summary>
    public sealed record ToolCallNamed(string Name) : PredictionEvent;

    /// <summary>A piece of the arguments, as text.</summary>
    public sealed record ToolCallArguments(string Content) : PredictionEvent;

    /// <summary>The tool call is complete.</summary>
    public sealed record ToolCallEnded(ToolCallRequest Request, string? RawContent) : PredictionEvent;

    /// <summary>The model's tool call could not be understood; the prediction goes on.</summary>
    public sealed record ToolCallFailed(LmStudioError Error, string? RawContent) : PredictionEvent;

    /// <summary>
    /// The end. A look at the stop reason is due: <see cref="StopReasons.ModelUnloaded"/> and <see cref="StopReasons.Failed"/> are no
    /// success although the stream ended well.
    /// </summary>
    public sealed record Finished(PredictionStats Stats) : PredictionEvent
    {
        /// <summary>The instance that answered.</summary>
        public InstanceInfo? Model { get; init; }

        /// <summary>The configuration that it was loaded with.</summary>
        public KvConfig? LoadConfiguration { get; init; }

        /// <summary>The settings that were in effect.</summary>
        public KvConfig? PredictionConfiguration { get; init; }
    }

    internal static PredictionEvent? TryRead(JsonElement message) => message.Text("type") switch
    {
        "promptProcessingProgress" => new PromptProgress(message.Number("progress") ?? 0, message.Member("details") is { } details ? PromptTokens.Read(details) : null),
        "fragment" when message.Member("fragment") is { } fragment => ReadFragment(fragment),
        "toolCallGenerationStart" => new ToolCallStarted(message.Text("toolCallId")),
        "toolCallGenerationNameReceived" => new ToolCallNamed(message.Text("name") ?? ""),
        "toolCallGenerationArgumentFragmentGenerated" => new ToolCallArguments(message.Text("content") ?? ""),
        "toolCallGenerationEnd" when message.Member("toolCallRequest") is { } json && ToolCallRequest.TryRead(json) is { } request =>
            new ToolCallEnded(request, message.Text("rawContent")),
        "toolCallGenerationFailed" => new ToolCallFailed(LmStudioError.Read(message.Member("error") ?? default), message.Text("rawContent")),
        "success" => new Finished(PredictionStats.Read(message.Member("stats") ?? default))
        {
            Model = message.Member("modelInfo") is { } info ? InstanceInfo.TryRead(info) : null,
            LoadConfiguration = message.Member("loadModelConfig") is { } load ? KvConfig.TryRead(load) : null,
            PredictionConfiguration = message.Member("predictionConfig") is { } config ? KvConfig.TryRead(config) : null,
        },
        _ => null,
    };

    private static Fragment ReadFragment(JsonElement fragment) => new(fragment.Text("content") ?? "")
    {
        TokensCount = fragment.Int32("tokensCount") ?? 0,
        ContainsDrafted = fragment.Flag("containsDrafted") ?? false,
        ReasoningType = fragment.Text("reasoningType") switch
        {
            "reasoning" => ReasoningType.Reasoning,
            "reasoningStartTag" => ReasoningType.StartTag,
            "reasoningEndTag" => ReasoningType.EndTag,
            _ => ReasoningType.None,
        },
        IsStructural = fragment.Flag("isStructural") ?? false,
        Tokens = fragment.Member("tokens"),
    };
}

/// <summary>What a fragment has to do with reasoning.</summary>
public enum ReasoningType
{
    /// <summary>Nothing: it is the answer.</summary>
    None,

    /// <summary>It is reasoning.</summary>
    Reasoning,

    /// <summary>It opens the reasoning.</summary>
    StartTag,

    /// <summary>It closes the reasoning.</summary>
    EndTag,
}

/// <summary>Token counts of a prompt that is being read.</summary>
public sealed record PromptTokens(int Cached, int Total, int Processed, int Unprocessed)
{
    internal static PromptTokens Read(JsonElement json) => new(
        json.Int32("cachedTokenCount") ?? 0,
        json.Int32("totalPromptTokenCount") ?? 0,
        json.Int32("processedPromptTokenCount") ?? 0,
        json.Int32("unprocessedPromptTokenCount") ?? 0);
}
