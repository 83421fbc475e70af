using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Events;

/// <summary>How events are written: names and forms are those of the admin gateway's document.</summary>
internal static class EventJson
{
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>ISO 8601 in UTC, whole seconds: <c>2025-11-15T10:30:00Z</c>.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A member that is there only where its value is known.</summary>
    public static void WriteKnown(this Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    public static void WriteKnown(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } known) json.WriteNumber(name, known);
    }

    public static void WriteKnown(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } known) json.WriteNumber(name, known);
    }

    public static void WriteKnown(this Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known) json.WriteBoolean(name, known);
    }

    public static void WriteMilliseconds(this Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is { } known) json.WriteNumber(name, (long)Math.Round(known.TotalMilliseconds));
    }

    /// <summary>A list that is there only where something is in it.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IReadOnlyList<string>? texts)
    {
        if (texts is { Count: > 0 }) json.WriteList(name, texts);
    }

    /// <summary>A list that is there also where it is empty.</summary>
    public static void WriteList(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    /// <summary>What a load was asked for, as its request writes it.</summary>
    public static void WriteLoadConfig(this Utf8JsonWriter json, LoadSettings settings)
    {
        json.WriteStartObject("loadConfig");
        json.WriteKnown("contextLength", settings.ContextLength);
        WriteGpu(json, settings);
        json.WriteKnown("cpuThreads", settings.CpuThreads);
        json.WriteKnown("ropeFrequencyBase", settings.RopeFrequencyBase);
        json.WriteKnown("ropeFrequencyScale", settings.RopeFrequencyScale);
        json.WriteKnown("flashAttention", settings.FlashAttention);
        json.WriteKnown("offloadKVCacheToGpu", settings.OffloadKvCacheToGpu);
        json.WriteKnown("llamaKCacheQuantizationType", settings.KvCacheTypeK);
        json.WriteKnown("llamaVCacheQuantizationType", settings.KvCacheTypeV);
        json.WriteKnown("evalBatchSize", settings.EvalBatchSize);
        json.WriteKnown("tryMmap", settings.TryMmap);
        json.WriteKnown("keepModelInMemory", settings.KeepModelInMemory);
        json.WriteKnown("seed", settings.Seed);
        json.WriteKnown("parallel", settings.Parallel);
        json.WriteKnown("numExperts", settings.NumExperts);
        json.WriteKnown("autoFit", settings.AutoFit);
        json.WriteEndObject();
    }

    /// <summary>Parameters that go with the active model.</summary>
    public static void WriteDefaults(this Utf8JsonWriter json, string name, InferenceDefaults defaults)
    {
        json.WriteStartObject(name);
        json.WriteKnown("temperature", defaults.Temperature);
        json.WriteKnown("maxTokens", defaults.MaxTokens);
        json.WriteKnown("topP", defaults.TopP);
        json.WriteKnown("topK", defaults.TopK);
        json.WriteKnown("repeatPenalty", defaults.RepeatPenalty);
        json.WriteTexts("stopStrings", defaults.StopStrings);
        json.WriteKnown("stream", defaults.Stream);
        json.WriteEndObject();
    }

    private static void WriteGpu(Utf8JsonWriter json, LoadSettings settings)
    {
        if (settings is { GpuRatio: null, GpuLayers: null, MainGpu: null, GpuSplitStrategy: null, DisabledGpus: null }) return;
        json.WriteStartObject("gpu");
        json.WriteKnown("ratio", settings.GpuRatio);
        json.WriteKnown("layers", settings.GpuLayers);
        json.WriteKnown("mainGpu", settings.MainGpu);
        json.WriteKnown("splitStrategy", settings.GpuSplitStrategy);
        if (settings.DisabledGpus is { } disabled)
        {
            json.WriteStartArray("disabledGpus");
            foreach (var gpu in disabled) json.WriteNumberValue(gpu);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
