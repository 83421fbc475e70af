using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>An engine that can run models, such as a build of llama.cpp.</summary>
public sealed record RuntimeEngine(string Name, string Version, string? Engine, string? Platform, IReadOnlyList<string> ModelFormats)
{
    internal static RuntimeEngine? TryRead(JsonElement json) =>
        json.Text("name") is { } name && json.Text("version") is { } version
            ? new RuntimeEngine(name, version, json.Text("engine"), json.Text("platform"), json.Texts("supportedModelFormatNames"))
            : null;
}

/// <summary>The engine that is chosen for a model format, such as <c>GGUF</c>.</summary>
public sealed record EngineSelection(string ModelFormat, string Name, string Version)
{
    /// <summary>Reads one entry of a map in superjson's form: key and value in an array.</summary>
    internal static EngineSelection? TryRead(JsonElement json) =>
        json is { ValueKind: JsonValueKind.Array } && json.GetArrayLength() == 2 && json[0].ValueKind == JsonValueKind.String
            && json[1].Text("name") is { } name && json[1].Text("version") is { } version
            ? new EngineSelection(json[0].LenientString(), name, version)
            : null;
}

/// <summary>What the machine has, as the engine that looked saw it.</summary>
public sealed record HardwareSurvey(string? EngineName, long? RamBytes, long? VramBytes, IReadOnlyList<Gpu> Gpus)
{
    internal static HardwareSurvey? TryRead(JsonElement engine) => engine.ValueKind != JsonValueKind.Object ? null : new(
        engine.Text("name"),
        engine.Member("memoryInfo")?.Int64("ramCapacity"),
        engine.Member("memoryInfo")?.Int64("vramCapacity"),
        engine.Member("hardwareSurvey")?.Member("gpuSurveyResult")?.Member("gpuInfo") is { } gpus ? Results.List(gpus, Gpu.TryRead) : []);
}

/// <summary>A GPU.</summary>
public sealed record Gpu(string Name, int? DeviceId, long? TotalMemoryBytes, long? DedicatedMemoryBytes)
{
    internal static Gpu? TryRead(JsonElement json) => json.Text("name") is { } name
        ? new Gpu(name, json.Int32("deviceId"), json.Int64("totalMemoryCapacityBytes"), json.Int64("dedicatedMemoryCapacityBytes"))
        : null;
}
