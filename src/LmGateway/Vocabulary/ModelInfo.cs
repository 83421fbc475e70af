namespace LmGateway.Vocabulary;

/// <summary>What a model does. A vision model is an <see cref="Llm"/> with <see cref="ModelInfo.Vision"/>.</summary>
internal enum ModelType
{
    /// <summary>The backend does not say; the model is offered for every kind of request.</summary>
    Unknown,
    Llm,
    Embedding,
}

/// <summary>What can be loaded, as its backend describes it. Only the key is certain; a backend may know nothing else.</summary>
internal sealed record ModelInfo
{
    public required string Backend { get; init; }

    /// <summary>The backend's own name for the model, for instance <c>qwen/qwen3-4b-2507</c>.</summary>
    public required string Key { get; init; }

    public required ModelType Type { get; init; }

    public string? DisplayName { get; init; }
    public string? Publisher { get; init; }

    /// <summary>Where the model lies below the models folder, with forward slashes.</summary>
    public string? Path { get; init; }

    public string? Architecture { get; init; }
    public string? Quantization { get; init; }
    public string? Format { get; init; }
    public string? Parameters { get; init; }
    public long? SizeBytes { get; init; }
    public int? MaxContextLength { get; init; }
    public bool Vision { get; init; }
    public bool ToolUse { get; init; }

    /// <summary>The quantised forms of one model, as keys that can be loaded too.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>The variant that the plain key stands for.</summary>
    public string? SelectedVariant { get; init; }
}
