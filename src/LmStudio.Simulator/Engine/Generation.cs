using System.Text.Json;

namespace LmStudio.Simulator.Engine;

/// <summary>An image in a prompt; the model sees its type and size.</summary>
public sealed record PromptImage(string MediaType, int Bytes);

/// <summary>A tool call, by the model or in the history; the arguments are JSON text.</summary>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>One turn of a conversation.</summary>
public sealed record PromptMessage(string Role, string Text)
{
    public IReadOnlyList<PromptImage> Images { get; init; } = [];
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>In a tool's turn, the call that it answers.</summary>
    public string? ToolCallId { get; init; }
}

/// <summary>A tool that the model may call; the parameters are a JSON schema.</summary>
public sealed record ToolDefinition(string Name, JsonElement? Parameters);

/// <summary>Whether the model may, must or must not call a tool.</summary>
public enum ToolChoice
{
    Auto,
    None,
    Required,
}

/// <summary>What to generate.</summary>
public sealed record GenerationRequest
{
    public IReadOnlyList<PromptMessage> Messages { get; init; } = [];

    /// <summary>A prompt without a chat template; the messages are then ignored.</summary>
    public string? RawPrompt { get; init; }

    /// <summary>At most so many tokens, thinking included; null is up to the context's end.</summary>
    public int? MaxTokens { get; init; }

    public IReadOnlyList<string> StopStrings { get; init; } = [];
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];
    public ToolChoice ToolChoice { get; init; }

    /// <summary>A JSON schema that the answer must fit; null is free text.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Whether to think aloud first; models that cannot, do not.</summary>
    public bool Reasoning { get; init; }

    /// <summary>Ends the generation early with <see cref="StopReason.UserStopped"/>, as a protocol's own cancel does.</summary>
    public CancellationToken Stop { get; init; }
}

/// <summary>Why a generation ended, in the protocol's words.</summary>
public enum StopReason
{
    EosFound,
    StopStringFound,
    MaxPredictedTokensReached,
    ContextLengthReached,
    ToolCalls,
    UserStopped,
    ModelUnloaded,
    Failed,
}

/// <summary>What part of the answer a token belongs to; the two tags belong to neither part.</summary>
public enum TokenKind
{
    Content,
    Reasoning,
    ReasoningStart,
    ReasoningEnd,
}

/// <summary>The figures of a generation.</summary>
public sealed record GenerationStats
{
    public required StopReason StopReason { get; init; }
    public string? StopString { get; init; }
    public required int PromptTokens { get; init; }
    public required int PredictedTokens { get; init; }

    /// <summary>How many of the predicted tokens were thoughts.</summary>
    public required int ReasoningTokens { get; init; }

    public required TimeSpan TimeToFirstToken { get; init; }
    public required TimeSpan TotalTime { get; init; }

    public double TokensPerSecond => TotalTime > TimeToFirstToken ? PredictedTokens / (TotalTime - TimeToFirstToken).TotalSeconds : PredictedTokens * 1000.0;
}

/// <summary>What a generation yields, in order; <see cref="Finished"/> is always the last.</summary>
public abstract record GenerationEvent
{
    private GenerationEvent()
    {
    }

    /// <summary>How much of the prompt has been read.</summary>
    public sealed record PromptProgress(int Processed, int Total) : GenerationEvent
    {
        public double Fraction => Total == 0 ? 1 : (double)Processed / Total;
    }

    /// <summary>One token.</summary>
    public sealed record Token(string Text, TokenKind Kind) : GenerationEvent;

    /// <summary>A tool call begins; its arguments follow in fragments, then <see cref="ToolCallEnd"/>.</summary>
    public sealed record ToolCallStart(int Index, string Id, string Name) : GenerationEvent;

    public sealed record ToolCallArguments(int Index, string Fragment) : GenerationEvent;

    public sealed record ToolCallEnd(int Index, ToolCall Call) : GenerationEvent;

    public sealed record Finished(GenerationStats Stats) : GenerationEvent;
}
