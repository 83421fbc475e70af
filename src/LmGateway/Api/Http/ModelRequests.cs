using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Http;

/// <summary>A load, with the parameters that nothing here knows.</summary>
internal sealed record LoadRequest(LoadCommand Command, IReadOnlyList<NotApplied> Unknown);

internal sealed record UnloadRequest(string? ModelKey, string? InstanceId, bool Force);

internal sealed record ActivateRequest(string ModelKey, string? InstanceId, InferenceDefaults Defaults);

/// <summary>Reads what is to be loaded, unloaded or activated, for every API that takes it as the admin API does. All faults of a body are reported at once.</summary>
internal static class ModelRequests
{
    private static readonly string[] ModelNames = ["modelKey", "model", "modelId"];
    private static readonly string[] InstanceNames = ["instanceId", "identifier"];

    public static LoadRequest Load(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        var config = fields.Section("loadConfig", "config");
        var gpu = config.Section("gpu");
        var ttl = fields.Whole(0, int.MaxValue, "ttlSeconds", "ttl");
        var command = new LoadCommand(fields.RequiredText(ModelNames))
        {
            InstanceId = fields.Text(InstanceNames),
            Settings = Settings(config, gpu),
            Ttl = ttl is > 0 ? TimeSpan.FromSeconds(ttl.Value) : null,
            Exclusive = fields.Flag("exclusive") ?? false,
            Activate = fields.Flag("activate") ?? true,
            Defaults = Defaults(fields),
        };
        fields.ThrowOnFaults();
        return new LoadRequest(command, [.. config.Unread().Concat(gpu.Unread()).Select(field => new NotApplied(field.Name["loadConfig.".Length..], field.Value, "There is no such load parameter."))]);
    }

    public static UnloadRequest Unload(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        var request = new UnloadRequest(fields.Text(ModelNames), fields.Text(InstanceNames), fields.Flag("force") ?? false);
        if (request.ModelKey is null && request.InstanceId is null && fields.Faults.Count == 0) fields.Fault("modelKey", "is required (or instanceId)");
        fields.ThrowOnFaults();
        return request;
    }

    public static ActivateRequest Activate(ReadOnlyMemory<byte> body)
    {
        var fields = JsonFields.Of(body);
        var request = new ActivateRequest(fields.RequiredText(ModelNames), fields.Text(InstanceNames), Defaults(fields));
        fields.ThrowOnFaults();
        return request;
    }

    private static LoadSettings Settings(JsonFields config, JsonFields gpu) => new()
    {
        ContextLength = config.Whole(1, int.MaxValue, "contextLength"),
        GpuRatio = Ratio(gpu),
        GpuLayers = gpu.Whole(-1, int.MaxValue, "layers"),
        MainGpu = gpu.Whole(0, int.MaxValue, "mainGpu"),
        GpuSplitStrategy = gpu.Text("splitStrategy"),
        DisabledGpus = gpu.Wholes("disabledGpus"),
        CpuThreads = config.Whole(1, int.MaxValue, "cpuThreads", "cpuThreadPoolSize"),
        RopeFrequencyBase = config.Number(0, double.PositiveInfinity, "ropeFrequencyBase"),
        RopeFrequencyScale = config.Number(0, double.PositiveInfinity, "ropeFrequencyScale"),
        FlashAttention = config.Flag("flashAttention"),
        OffloadKvCacheToGpu = config.Flag("offloadKVCacheToGpu"),
        KvCacheTypeK = config.Text("llamaKCacheQuantizationType", "kCacheQuantizationType"),
        KvCacheTypeV = config.Text("llamaVCacheQuantizationType", "vCacheQuantizationType"),
        EvalBatchSize = config.Whole(1, int.MaxValue, "evalBatchSize"),
        TryMmap = config.Flag("tryMmap"),
        KeepModelInMemory = config.Flag("keepModelInMemory"),
        Seed = config.Whole(-1, int.MaxValue, "seed"),
        Parallel = config.Whole(1, 1023, "parallel", "maxParallelPredictions", "numParallelSessions"),
        NumExperts = config.Whole(0, int.MaxValue, "numExperts"),
        AutoFit = config.Flag("autoFit"),
    };

    /// <summary>A number, or the words of LM Studio: <c>max</c> and <c>off</c>.</summary>
    private static double? Ratio(JsonFields gpu) => gpu.Raw("ratio") is { ValueKind: System.Text.Json.JsonValueKind.String } word
        ? word.GetString() switch { "max" => 1, "off" => 0, _ => gpu.Number(0, 1, "ratio") }
        : gpu.Number(0, 1, "ratio");

    private static InferenceDefaults Defaults(JsonFields fields)
    {
        var defaults = fields.Section("defaultInference");
        return new InferenceDefaults
        {
            Temperature = defaults.Number(0, 2, "temperature"),
            MaxTokens = defaults.Whole(-1, int.MaxValue, "maxTokens"),
            TopP = defaults.Number(0, 1, "topP"),
            TopK = defaults.Whole(0, int.MaxValue, "topK"),
            RepeatPenalty = defaults.Number(0, double.PositiveInfinity, "repeatPenalty"),
            StopStrings = defaults.Texts("stopStrings", "stop"),
            Stream = defaults.Flag("stream"),
        };
    }
}
