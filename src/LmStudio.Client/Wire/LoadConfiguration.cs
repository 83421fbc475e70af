namespace LmStudio.Client.Wire;

/// <summary>
/// Settings for loading a model. What is null is left to LM Studio. The same record serves language and embedding models; a
/// setting that embedding models do not have is reported as not applied.
/// </summary>
public sealed record LoadConfiguration
{
    /// <summary>Context length in tokens.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Whether LM Studio fits context and offload to the machine by itself. Null switches it off as soon as context length, a GPU
    /// setting or the VRAM cap is given, which it would override; true beside one of these is refused.
    /// </summary>
    public bool? AutoFit { get; init; }

    /// <summary>The least context that fitting may choose.</summary>
    public int? AutoFitMinContextLength { get; init; }

    /// <summary>Share of the layers on the GPU. There is no setting for a number of layers.</summary>
    public OffloadRatio? GpuOffloadRatio { get; init; }

    /// <summary>How the work is split over several GPUs.</summary>
    public GpuSplit? GpuSplit { get; init; }

    /// <summary>Whether offload may not exceed dedicated video memory; LM Studio may cut layers below the ratio.</summary>
    public bool? GpuStrictVramCap { get; init; }

    /// <summary>Share of the expert layers that stay on the CPU.</summary>
    public OffloadRatio? CpuExpertLayersRatio { get; init; }

    /// <summary>Requests that may run at the same time, 1 to 1023.</summary>
    public int? NumParallelSessions { get; init; }

    /// <summary>Whether parallel requests share one KV cache.</summary>
    public bool? UseUnifiedKvCache { get; init; }

    /// <summary>Whether the KV cache lies in video memory.</summary>
    public bool? OffloadKvCacheToGpu { get; init; }

    /// <summary>RoPE base frequency.</summary>
    public Checkable<double>? RopeFrequencyBase { get; init; }

    /// <summary>RoPE scale.</summary>
    public Checkable<double>? RopeFrequencyScale { get; init; }

    /// <summary>Tokens of the prompt that are evaluated at once.</summary>
    public int? EvalBatchSize { get; init; }

    /// <summary>Tokens of one physical batch.</summary>
    public int? PhysicalBatchSize { get; init; }

    /// <summary>Flash attention.</summary>
    public bool? FlashAttention { get; init; }

    /// <summary>Whether the model stays in memory when it is idle.</summary>
    public bool? KeepModelInMemory { get; init; }

    /// <summary>Random seed.</summary>
    public Checkable<long>? Seed { get; init; }

    /// <summary>Whether the KV cache uses 16-bit floats.</summary>
    public bool? UseFp16ForKvCache { get; init; }

    /// <summary>Whether the file is mapped into memory.</summary>
    public bool? TryMmap { get; init; }

    /// <summary>Whether the file is read past the system's cache.</summary>
    public bool? TryDirectIO { get; init; }

    /// <summary>Experts that are active at once.</summary>
    public int? NumExperts { get; init; }

    /// <summary>Type of the cached keys: f32, f16, q8_0, q4_0, q4_1, iq4_nl, q5_0 or q5_1.</summary>
    public Checkable<string>? KCacheQuantizationType { get; init; }

    /// <summary>Type of the cached values, as <see cref="KCacheQuantizationType"/>.</summary>
    public Checkable<string>? VCacheQuantizationType { get; init; }

    /// <summary>Threads of the CPU pool.</summary>
    public int? CpuThreadPoolSize { get; init; }

    /// <summary>Checkpoints of the context that are kept.</summary>
    public int? ContextCheckpoints { get; init; }

    /// <summary>What is said to the model when its reasoning budget is spent.</summary>
    public string? ReasoningBudgetMessage { get; init; }

    /// <summary>A Jinja prompt template in place of the model's.</summary>
    public string? JinjaPromptTemplate { get; init; }

    /// <summary>Arguments for llama.cpp itself.</summary>
    public ArgumentsOverride? ArgumentsOverride { get; init; }

    /// <summary>Speculative decoding that is prepared at load.</summary>
    public LoadSpeculativeDecoding? SpeculativeDecoding { get; init; }

    /// <summary>MLX: cache on disk.</summary>
    public bool? MlxDiskCache { get; init; }

    /// <summary>MLX: quantisation of the KV cache.</summary>
    public MlxKvCacheQuantization? MlxKvCacheQuantization { get; init; }

    /// <summary>vLLM: share of video memory to use, 0 to 1.</summary>
    public double? VllmGpuMemoryUtilization { get; init; }

    /// <summary>vLLM: parser of reasoning.</summary>
    public string? VllmReasoningParser { get; init; }

    /// <summary>vLLM: parser of tool calls.</summary>
    public string? VllmToolCallParser { get; init; }

    /// <summary>The variable HSA_OVERRIDE_GFX_VERSION of the engine's process, the only one that LM Studio takes.</summary>
    public string? HsaOverrideGfxVersion { get; init; }
}

/// <summary>How layers are split over GPUs.</summary>
public sealed record GpuSplit
{
    /// <summary><c>evenly</c>, <c>priorityOrder</c>, <c>tensor</c> or <c>custom</c>.</summary>
    public string Strategy { get; init; } = "evenly";

    /// <summary>GPUs, by number, that are not used.</summary>
    public IReadOnlyList<int> DisabledGpus { get; init; } = [];

    /// <summary>GPUs in the order in which they are filled.</summary>
    public IReadOnlyList<int> Priority { get; init; } = [];

    /// <summary>Shares of the GPUs, for the strategy <c>custom</c>.</summary>
    public IReadOnlyList<double> CustomRatio { get; init; } = [];
}

/// <summary>Arguments for llama.cpp that override what LM Studio passes.</summary>
public sealed record ArgumentsOverride
{
    /// <summary>Whether the override counts.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Parameters that are left out.</summary>
    public IReadOnlyList<string> DisabledParameters { get; init; } = [];

    /// <summary>Parameters with their values.</summary>
    public IReadOnlyDictionary<string, string> OverrideParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether nothing of LM Studio's own configuration is passed.</summary>
    public bool ExcludeAllConfig { get; init; }
}

/// <summary>Speculative decoding that is prepared when the model loads.</summary>
public sealed record LoadSpeculativeDecoding
{
    /// <summary>Multi-token prediction of the model itself.</summary>
    public bool? DraftMtp { get; init; }

    /// <summary>A draft model.</summary>
    public bool? DraftSimple { get; init; }

    /// <summary>A DFlash sidecar.</summary>
    public bool? DraftDflashSidecar { get; init; }

    /// <summary>A DSpark sidecar.</summary>
    public bool? DraftDsparkSidecar { get; init; }

    /// <summary>A multi-token prediction sidecar.</summary>
    public bool? DraftMtpSidecar { get; init; }

    /// <summary>Key of the draft model.</summary>
    public string? DraftModel { get; init; }

    /// <summary>Most tokens to draft at once.</summary>
    public int? DraftMaxTokens { get; init; }

    /// <summary>Fewest tokens to draft at once.</summary>
    public int? DraftMinTokens { get; init; }

    /// <summary>Probability under which drafting stops, 0 to 1.</summary>
    public double? DraftMinContinueProbability { get; init; }
}

/// <summary>MLX: how the KV cache is quantised.</summary>
public sealed record MlxKvCacheQuantization
{
    /// <summary>Whether it is.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Bits: 8, 6, 4, 3 or 2.</summary>
    public int Bits { get; init; } = 8;

    /// <summary>Group size: 32, 64 or 128.</summary>
    public int GroupSize { get; init; } = 64;

    /// <summary>Token from which on the cache is quantised.</summary>
    public int QuantizedStart { get; init; } = 5000;
}
