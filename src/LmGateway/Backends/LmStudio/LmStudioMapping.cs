using LmGateway.Vocabulary;
using LmStudio.Client.Wire;
using ClientNotApplied = LmStudio.Client.Wire.NotApplied;
using ModelInfo = LmGateway.Vocabulary.ModelInfo;
using NotApplied = LmGateway.Vocabulary.NotApplied;

namespace LmGateway.Backends.LmStudio;

/// <summary>LM Studio's words for models and load settings in the gateway's, and back.</summary>
internal static class LmStudioMapping
{
    /// <summary>The client's setting and the name that callers of the gateway write.</summary>
    private static readonly Dictionary<string, string> CallersNames = new(StringComparer.Ordinal)
    {
        ["gpuOffloadRatio"] = "gpu.ratio",
        ["gpuSplit"] = "gpu.splitStrategy",
        ["cpuThreadPoolSize"] = "cpuThreads",
        ["offloadKvCacheToGpu"] = "offloadKVCacheToGpu",
        ["kCacheQuantizationType"] = "llamaKCacheQuantizationType",
        ["vCacheQuantizationType"] = "llamaVCacheQuantizationType",
        ["numParallelSessions"] = "parallel",
    };

    public static ModelInfo Model(string backend, global::LmStudio.Client.Wire.ModelInfo model) => new()
    {
        Backend = backend,
        Key = model.ModelKey,
        Type = Type(model.Type),
        DisplayName = model.DisplayName,
        Publisher = model.Publisher,
        Path = model.Path,
        Architecture = model.Architecture,
        Quantization = model.Quantization?.Name,
        Format = model.Format,
        Parameters = model.ParamsString,
        SizeBytes = model.SizeBytes,
        MaxContextLength = model.MaxContextLength,
        Vision = model.Vision ?? false,
        ToolUse = model.TrainedForToolUse ?? false,
        Variants = model.Variants,
        SelectedVariant = model.SelectedVariant,
    };

    /// <summary>
    /// The key under which an instance is asked for: LM Studio may report a variant that is not the selected one under the key of its model.
    /// </summary>
    public static string KeyOf(InstanceInfo instance, IEnumerable<global::LmStudio.Client.Wire.ModelInfo> downloaded)
    {
        if (instance.SelectedVariant is not { } variant || instance.ModelKey == variant) return instance.ModelKey;
        var model = downloaded.FirstOrDefault(model => model.ModelKey == instance.ModelKey);
        return model?.SelectedVariant is { } selected && selected != variant ? variant : instance.ModelKey;
    }

    public static ModelInstance Instance((string Node, string Backend) home, InstanceInfo instance, string modelKey, int? parallel) => new()
    {
        Id = new InstanceId(home.Node, home.Backend, instance.Identifier),
        ModelKey = modelKey,
        Type = Type(instance.Type),
        DisplayName = instance.DisplayName,
        Path = instance.Path,
        ContextLength = instance.ContextLength,
        Parallel = parallel,
        Ttl = instance.TimeToLive,
    };

    public static ModelType Type(string? type) => type switch
    {
        "llm" or "vlm" => ModelType.Llm,
        "embedding" or "embeddings" => ModelType.Embedding,
        _ => ModelType.Unknown,
    };

    public static LoadConfiguration Configuration(LoadSettings settings) => new()
    {
        ContextLength = settings.ContextLength,
        AutoFit = settings.AutoFit,
        GpuOffloadRatio = settings.GpuRatio is { } ratio ? OffloadRatio.Of(ratio) : null,
        GpuSplit = Split(settings),
        CpuThreadPoolSize = settings.CpuThreads,
        RopeFrequencyBase = settings.RopeFrequencyBase is { } frequency ? new Checkable<double>(true, frequency) : null,
        RopeFrequencyScale = settings.RopeFrequencyScale is { } scale ? new Checkable<double>(true, scale) : null,
        FlashAttention = settings.FlashAttention,
        OffloadKvCacheToGpu = settings.OffloadKvCacheToGpu,
        KCacheQuantizationType = On(settings.KvCacheTypeK),
        VCacheQuantizationType = On(settings.KvCacheTypeV),
        EvalBatchSize = settings.EvalBatchSize,
        TryMmap = settings.TryMmap,
        KeepModelInMemory = settings.KeepModelInMemory,
        Seed = settings.Seed is { } seed ? new Checkable<long>(true, seed) : null,
        NumParallelSessions = settings.Parallel,
        NumExperts = settings.NumExperts,
    };

    /// <summary>What the client found not applied, and what no key of LM Studio can carry.</summary>
    public static IReadOnlyList<NotApplied> NotApplied(LoadSettings settings, IReadOnlyList<ClientNotApplied> found)
    {
        var list = found.Select(item => new NotApplied(CallersNames.GetValueOrDefault(item.Name, item.Name), item.Requested.GetRawText(), item.Reason)).ToList();
        if (settings.GpuLayers is { } layers)
            list.Add(new NotApplied("gpu.layers", layers.ToString(), "LM Studio takes GPU offload as a ratio only; use gpu.ratio."));
        return list;
    }

    /// <summary>What an order asks for beside settings, which LM Studio's REST load has no fields for.</summary>
    public static IEnumerable<NotApplied> NotOverRest(LoadOrder order)
    {
        const string reason = "The control connection (WebSocket) is refused, and LM Studio's REST API has no such parameter.";
        if (order.Identifier is { } identifier) yield return new NotApplied("instanceId", identifier, reason);
        if (order.Ttl is { } ttl) yield return new NotApplied("ttlSeconds", ttl.TotalSeconds.ToString("0"), reason);
    }

    private static Checkable<string>? On(string? value)
    {
        if (value is null) return null;
        return new Checkable<string>(true, value);
    }

    private static GpuSplit? Split(LoadSettings settings)
    {
        if (settings.MainGpu is null && settings.GpuSplitStrategy is null && settings.DisabledGpus is null) return null;
        return new GpuSplit
        {
            Strategy = settings.GpuSplitStrategy is null or "favorMainGpu" ? settings.MainGpu is null ? "evenly" : "priorityOrder" : settings.GpuSplitStrategy,
            DisabledGpus = settings.DisabledGpus ?? [],
            Priority = settings.MainGpu is { } main ? [main] : [],
        };
    }
}
