using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A downloaded model. Only the type and the key are certain; the rest depends on LM Studio's version.</summary>
public record ModelInfo
{
    /// <summary><c>llm</c>, <c>embedding</c>, or a domain of a newer LM Studio.</summary>
    public required string Type { get; init; }

    /// <summary>The key to load the model by, such as <c>qwen/qwen3-4b</c>.</summary>
    public required string ModelKey { get; init; }

    /// <summary>File format: <c>gguf</c>, <c>safetensors</c> …</summary>
    public string? Format { get; init; }

    /// <summary>The name for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Who published the files.</summary>
    public string? Publisher { get; init; }

    /// <summary>Path inside the models folder, with forward slashes; for catalog models the key.</summary>
    public string? Path { get; init; }

    /// <summary>Size on disk.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>A longer stable identifier.</summary>
    public string? IndexedModelIdentifier { get; init; }

    /// <summary>The linked machine that holds the model; null is this one.</summary>
    public string? DeviceIdentifier { get; init; }

    /// <summary>Parameter count for people, such as <c>4B</c>.</summary>
    public string? ParamsString { get; init; }

    /// <summary>Architecture, such as <c>qwen3</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>How the weights are quantised.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>Keys of the variants, for a model that has several.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>The variant that the plain key stands for.</summary>
    public string? SelectedVariant { get; init; }

    /// <summary>Whether a language model sees images.</summary>
    public bool? Vision { get; init; }

    /// <summary>Whether a language model was trained to call tools.</summary>
    public bool? TrainedForToolUse { get; init; }

    /// <summary>The longest context that the model supports, in tokens.</summary>
    public int? MaxContextLength { get; init; }

    /// <summary>Whether this is an embedding model.</summary>
    public bool IsEmbedding => Type == "embedding";

    internal static ModelInfo? TryRead(JsonElement json) =>
        json.Text("type") is { } type && json.Text("modelKey") is { } key ? Fill(new ModelInfo { Type = type, ModelKey = key }, json) : null;

    private protected static T Fill<T>(T model, JsonElement json) where T : ModelInfo => (T)(model with
    {
        Format = json.Text("format"),
        DisplayName = json.Text("displayName"),
        Publisher = json.Text("publisher"),
        Path = json.Text("path"),
        SizeBytes = json.Int64("sizeBytes"),
        IndexedModelIdentifier = json.Text("indexedModelIdentifier"),
        DeviceIdentifier = json.Text("deviceIdentifier"),
        ParamsString = json.Text("paramsString"),
        Architecture = json.Text("architecture"),
        Quantization = json.Member("quantization") is { } quantization && quantization.Text("name") is { } name
            ? new Quantization(name, quantization.Int32("bits"))
            : null,
        Variants = json.Texts("variants"),
        SelectedVariant = json.Text("selectedVariant"),
        Vision = json.Flag("vision"),
        TrainedForToolUse = json.Flag("trainedForToolUse"),
        MaxContextLength = json.Int32("maxContextLength"),
    });
}

/// <summary>How weights are quantised: the name, and the bits per weight when known.</summary>
public sealed record Quantization(string Name, int? Bits);

/// <summary>A loaded copy of a model.</summary>
public sealed record InstanceInfo : ModelInfo
{
    /// <summary>The name that requests address the instance by.</summary>
    public required string Identifier { get; init; }

    /// <summary>Opaque and unique for each load: it never points to another instance later.</summary>
    public required string InstanceReference { get; init; }

    /// <summary>Idle time after which LM Studio unloads the instance; null is never.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>When it was last used; null when never.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>The context it was loaded with, in tokens.</summary>
    public int? ContextLength { get; init; }

    internal static new InstanceInfo? TryRead(JsonElement json)
    {
        if (json.Text("type") is not { } type || json.Text("modelKey") is not { } key
            || json.Text("identifier") is not { } identifier || json.Text("instanceReference") is not { } reference)
            return null;
        var instance = new InstanceInfo { Type = type, ModelKey = key, Identifier = identifier, InstanceReference = reference };
        return Fill(instance, json) with
        {
            TimeToLive = json.Number("ttlMs") is { } ttl and >= 0 and < MaxMilliseconds ? TimeSpan.FromMilliseconds(ttl) : null,
            LastUsed = json.Number("lastUsedTime") is { } used and >= 0 and < MaxMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)used) : null,
            ContextLength = json.Int32("contextLength"),
        };
    }

    /// <summary>Beyond the year 9000 both .NET types would overflow.</summary>
    private const double MaxMilliseconds = 2.2e14;
}
