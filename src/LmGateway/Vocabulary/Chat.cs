using System.Text.Json;

namespace LmGateway.Vocabulary;

/// <summary>A generation asked for in words of no dialect. What is null is left to the model's own defaults.</summary>
internal sealed record ChatRequest
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }
    public int? MaxTokens { get; init; }
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public int? TopK { get; init; }
    public double? PresencePenalty { get; init; }
    public double? FrequencyPenalty { get; init; }
    public double? RepeatPenalty { get; init; }
    public long? Seed { get; init; }
    public IReadOnlyList<string> Stop { get; init; } = [];
    public IReadOnlyList<ChatTool> Tools { get; init; } = [];

    /// <summary><c>none</c>, <c>auto</c>, <c>required</c>; null for the backend's default.</summary>
    public string? ToolChoice { get; init; }

    /// <summary>How much the model thinks first: <c>none</c>, <c>on</c>, <c>low</c>, <c>medium</c>, <c>high</c>; null for the model's own way.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A JSON schema that the answer must fit.</summary>
    public JsonElement? JsonSchema { get; init; }
}

/// <summary>The time a generation may take: in all, and in silence. Null or infinite for no limit.</summary>
internal readonly record struct GenerationLimits(TimeSpan? Total, TimeSpan? Silence);

internal enum ChatRole
{
    System,
    User,
    Assistant,
    Tool,
}

/// <summary>One turn. Images belong to a user's turn, tool calls to an assistant's, the call id to a tool's.</summary>
internal sealed record ChatMessage(ChatRole Role, string Text)
{
    public IReadOnlyList<ChatImage> Images { get; init; } = [];
    public IReadOnlyList<ChatToolCall> ToolCalls { get; init; } = [];
    public string? ToolCallId { get; init; }
}

internal sealed record ChatImage(string MediaType, ReadOnlyMemory<byte> Data);

internal sealed record ChatTool(string Name, string? Description, JsonElement? Parameters);

/// <summary>A call that the model made; the arguments are JSON text.</summary>
internal sealed record ChatToolCall(string Id, string Name, string Arguments);

/// <summary>What happens during a generation, in order. <see cref="Finished"/> is the last one of a generation that did not fail.</summary>
internal abstract record ChatEvent
{
    private ChatEvent()
    {
    }

    /// <summary>The generation began; the name is the backend's for the instance that answers.</summary>
    public sealed record Started(string Model) : ChatEvent;

    public sealed record Text(string Content) : ChatEvent;

    public sealed record Reasoning(string Content) : ChatEvent;

    /// <summary>A piece of a tool call: the first piece of an index carries id and name.</summary>
    public sealed record ToolCall(int Index, string? Id, string? Name, string Arguments) : ChatEvent;

    /// <summary>Prompt processing, 0 to 1.</summary>
    public sealed record Progress(double Fraction) : ChatEvent;

    public sealed record Finished(string Reason, Usage? Usage) : ChatEvent;
}
