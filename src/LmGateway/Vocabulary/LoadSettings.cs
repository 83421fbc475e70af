namespace LmGateway.Vocabulary;

/// <summary>How a model is to be loaded. What is null is left to the backend.</summary>
internal sealed record LoadSettings
{
    /// <summary>In tokens.</summary>
    public int? ContextLength { get; init; }

    /// <summary>The part of the model that goes to the GPU, 0 to 1.</summary>
    public double? GpuRatio { get; init; }

    /// <summary>Layers on the GPU; no backend control protocol has a key for it, so it is reported as not applied.</summary>
    public int? GpuLayers { get; init; }

    public int? MainGpu { get; init; }
    public string? GpuSplitStrategy { get; init; }
    public IReadOnlyList<int>? DisabledGpus { get; init; }
    public int? CpuThreads { get; init; }
    public double? RopeFrequencyBase { get; init; }
    public double? RopeFrequencyScale { get; init; }
    public bool? FlashAttention { get; init; }
    public bool? OffloadKvCacheToGpu { get; init; }
    public string? KvCacheTypeK { get; init; }
    public string? KvCacheTypeV { get; init; }
    public int? EvalBatchSize { get; init; }
    public bool? TryMmap { get; init; }
    public bool? KeepModelInMemory { get; init; }
    public int? Seed { get; init; }

    /// <summary>Requests that the instance may run at the same time.</summary>
    public int? Parallel { get; init; }

    public int? NumExperts { get; init; }
    public bool? AutoFit { get; init; }

    public static LoadSettings None { get; } = new();
}

/// <summary>A parameter that was asked for and that the backend did not apply.</summary>
/// <param name="Parameter">Its name as callers write it, for instance <c>gpu.layers</c>.</param>
/// <param name="Requested">The value asked for, as text.</param>
/// <param name="Reason">Why, and what holds instead.</param>
internal sealed record NotApplied(string Parameter, string Requested, string Reason);
