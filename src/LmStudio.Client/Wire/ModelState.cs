using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>What an instance is doing: <c>idle</c>, <c>processingPrompt</c>, <c>generating</c> or <c>computingEmbedding</c>, and how many requests wait.</summary>
public sealed record InstanceProcessingState(string Status, int Queued)
{
    internal static InstanceProcessingState? TryRead(JsonElement json) =>
        json.Text("status") is { } status ? new InstanceProcessingState(status, json.Int32("queued") ?? 0) : null;
}

/// <summary>What a load would need, and whether LM Studio's guardrails would let it pass.</summary>
public sealed record ModelUsageEstimate(MemoryEstimate Memory, bool PassesGuardrails)
{
    internal static ModelUsageEstimate? TryRead(JsonElement json) =>
        json.Member("memory") is { } memory && json.Flag("passesGuardrails") is { } passes
            ? new ModelUsageEstimate(MemoryEstimate.Read(memory), passes)
            : null;
}

/// <summary>Estimated memory in bytes. Confidence is <c>high</c> or <c>low</c>.</summary>
public sealed record MemoryEstimate
{
    /// <summary>How good the estimate is: <c>high</c> or <c>low</c>.</summary>
    public string? Confidence { get; init; }

    /// <summary>Weights in video memory.</summary>
    public long ModelVramBytes { get; init; }

    /// <summary>Context in video memory.</summary>
    public long ContextVramBytes { get; init; }

    /// <summary>All video memory.</summary>
    public long TotalVramBytes { get; init; }

    /// <summary>Weights in all memory.</summary>
    public long ModelBytes { get; init; }

    /// <summary>Context in all memory.</summary>
    public long ContextBytes { get; init; }

    /// <summary>All memory.</summary>
    public long TotalBytes { get; init; }

    internal static MemoryEstimate Read(JsonElement json) => new()
    {
        Confidence = json.Text("confidence"),
        ModelVramBytes = json.Int64("modelVramBytes") ?? 0,
        ContextVramBytes = json.Int64("contextVramBytes") ?? 0,
        TotalVramBytes = json.Int64("totalVramBytes") ?? 0,
        ModelBytes = json.Int64("modelBytes") ?? 0,
        ContextBytes = json.Int64("contextBytes") ?? 0,
        TotalBytes = json.Int64("totalBytes") ?? 0,
    };
}
