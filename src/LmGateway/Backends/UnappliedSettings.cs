using System.Globalization;
using LmGateway.Vocabulary;

namespace LmGateway.Backends;

/// <summary>For backends whose loads take no settings: everything that was asked for, under the names that callers write.</summary>
internal static class UnappliedSettings
{
    public static IEnumerable<NotApplied> Of(LoadSettings settings, string reason)
    {
        (string Name, object? Value)[] asked =
        [
            ("contextLength", settings.ContextLength), ("gpu.ratio", settings.GpuRatio), ("gpu.layers", settings.GpuLayers), ("gpu.mainGpu", settings.MainGpu),
            ("gpu.splitStrategy", settings.GpuSplitStrategy), ("gpu.disabledGpus", settings.DisabledGpus is { } gpus ? string.Join(", ", gpus) : null),
            ("cpuThreads", settings.CpuThreads), ("ropeFrequencyBase", settings.RopeFrequencyBase), ("ropeFrequencyScale", settings.RopeFrequencyScale),
            ("flashAttention", settings.FlashAttention), ("offloadKVCacheToGpu", settings.OffloadKvCacheToGpu),
            ("llamaKCacheQuantizationType", settings.KvCacheTypeK), ("llamaVCacheQuantizationType", settings.KvCacheTypeV),
            ("evalBatchSize", settings.EvalBatchSize), ("tryMmap", settings.TryMmap), ("keepModelInMemory", settings.KeepModelInMemory),
            ("seed", settings.Seed), ("parallel", settings.Parallel), ("numExperts", settings.NumExperts), ("autoFit", settings.AutoFit),
        ];
        foreach (var (name, value) in asked)
            if (value is not null) yield return new NotApplied(name, Convert.ToString(value, CultureInfo.InvariantCulture)!, reason);
    }
}
