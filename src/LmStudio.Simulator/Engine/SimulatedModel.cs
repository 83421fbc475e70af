namespace LmStudio.Simulator.Engine;

/// <summary>What a model is for; the two never mix.</summary>
public enum ModelDomain
{
    Llm,
    Embedding,
}

/// <summary>A quantisation by name and bits per weight.</summary>
public sealed record Quantization(string Name, int Bits);

/// <summary>A downloaded model as LM Studio describes it.</summary>
public sealed record SimulatedModel
{
    /// <summary>The name to load it by.</summary>
    public required string Key { get; init; }

    public required ModelDomain Domain { get; init; }
    public required string DisplayName { get; init; }
    public required string Publisher { get; init; }

    /// <summary>Relative to the models folder with forward slashes; for catalog models the same as the key.</summary>
    public required string Path { get; init; }

    /// <summary>The true size of the weights, not of the small file that stands in for them.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The files on disk, relative to the models folder with forward slashes.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    public string Format { get; init; } = "gguf";
    public string? ParamsString { get; init; }
    public string? Architecture { get; init; }
    public Quantization? Quantization { get; init; }

    /// <summary>The keys of its variants (<c>key@quant</c>); empty unless it comes from the catalog.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    public string? SelectedVariant { get; init; }
    public bool Vision { get; init; }
    public bool TrainedForToolUse { get; init; }
    public int MaxContextLength { get; init; } = 4096;

    /// <summary>The longer stable id; the same as the path on this machine.</summary>
    public string IndexedModelIdentifier => Path;

    /// <summary>Whether it can think aloud when asked to.</summary>
    public bool Reasons => Domain == ModelDomain.Llm && ReasoningFamilies.Any(family => Key.Contains(family, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] ReasoningFamilies = ["qwen3", "gpt-oss"];
}
