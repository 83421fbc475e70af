using System.Text.Json;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Rest;

/// <summary>A model as <c>GET /api/v1/models</c> gives it, with its loaded instances.</summary>
public sealed record RestModel
{
    /// <summary>The key to load the model by.</summary>
    public required string Key { get; init; }

    /// <summary><c>llm</c> or <c>embedding</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Name for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Who published the files.</summary>
    public string? Publisher { get; init; }

    /// <summary>Architecture.</summary>
    public string? Architecture { get; init; }

    /// <summary>How the weights are quantised.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>Size on disk.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>Parameter count for people.</summary>
    public string? ParamsString { get; init; }

    /// <summary>File format: <c>gguf</c> or <c>mlx</c>.</summary>
    public string? Format { get; init; }

    /// <summary>The longest context that the model supports.</summary>
    public int? MaxContextLength { get; init; }

    /// <summary>Whether it sees images.</summary>
    public bool? Vision { get; init; }

    /// <summary>Whether it was trained to call tools.</summary>
    public bool? TrainedForToolUse { get; init; }

    /// <summary>The reasoning settings that it knows, such as <c>off</c>, <c>on</c>, <c>high</c>; empty without reasoning.</summary>
    public IReadOnlyList<string> ReasoningOptions { get; init; } = [];

    /// <summary>Description.</summary>
    public string? Description { get; init; }

    /// <summary>Keys of the variants.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>The variant that the plain key stands for.</summary>
    public string? SelectedVariant { get; init; }

    /// <summary>The loaded instances; a load that is under way does not show.</summary>
    public IReadOnlyList<RestInstance> LoadedInstances { get; init; } = [];

    internal static RestModel? TryRead(JsonElement json)
    {
        if (json.Text("key") is not { } key) return null;
        var capabilities = json.Member("capabilities");
        return new RestModel
        {
            Key = key,
            Type = json.Text("type"),
            DisplayName = json.Text("display_name"),
            Publisher = json.Text("publisher"),
            Architecture = json.Text("architecture"),
            Quantization = json.Member("quantization") is { } quantization && quantization.Text("name") is { } name
                ? new Quantization(name, quantization.Int32("bits_per_weight"))
                : null,
            SizeBytes = json.Int64("size_bytes"),
            ParamsString = json.Text("params_string"),
            Format = json.Text("format"),
            MaxContextLength = json.Int32("max_context_length"),
            Vision = capabilities?.Flag("vision"),
            TrainedForToolUse = capabilities?.Flag("trained_for_tool_use"),
            ReasoningOptions = capabilities?.Member("reasoning")?.Texts("allowed_options") ?? [],
            Description = json.Text("description"),
            Variants = json.Texts("variants"),
            SelectedVariant = json.Text("selected_variant"),
            LoadedInstances = json.Member("loaded_instances") is { } instances ? Results.List(instances, RestInstance.TryRead) : [],
        };
    }
}

/// <summary>A loaded instance: its identifier, the context that it really has, and how many requests it runs at once.</summary>
public sealed record RestInstance(string Id, int? ContextLength, int? Parallel, JsonElement? Config)
{
    internal static RestInstance? TryRead(JsonElement json) => json.Text("id") is not { } id ? null
        : new RestInstance(id, json.Member("config")?.Int32("context_length"), json.Member("config")?.Int32("parallel"), json.Member("config"));
}

/// <summary>A model as <c>GET /api/v0/models</c> gives it. The type is <c>llm</c>, <c>vlm</c> or <c>embeddings</c>.</summary>
public sealed record RestModelV0
{
    /// <summary>Key, or identifier of an instance.</summary>
    public required string Id { get; init; }

    /// <summary><c>llm</c>, <c>vlm</c> (sees images) or <c>embeddings</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Who published the files.</summary>
    public string? Publisher { get; init; }

    /// <summary>Architecture.</summary>
    public string? Architecture { get; init; }

    /// <summary>File format.</summary>
    public string? CompatibilityType { get; init; }

    /// <summary>Quantisation.</summary>
    public string? Quantization { get; init; }

    /// <summary><c>loaded</c> or <c>not-loaded</c>.</summary>
    public string? State { get; init; }

    /// <summary>The longest context that the model supports.</summary>
    public int? MaxContextLength { get; init; }

    /// <summary>The context that it was loaded with.</summary>
    public int? LoadedContextLength { get; init; }

    /// <summary>What it can do, such as <c>tool_use</c>.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Whether it is loaded.</summary>
    public bool IsLoaded => State == "loaded";

    internal static RestModelV0? TryRead(JsonElement json) => json.Text("id") is not { } id ? null : new()
    {
        Id = id,
        Type = json.Text("type"),
        Publisher = json.Text("publisher"),
        Architecture = json.Text("arch"),
        CompatibilityType = json.Text("compatibility_type"),
        Quantization = json.Text("quantization"),
        State = json.Text("state"),
        MaxContextLength = json.Int32("max_context_length"),
        LoadedContextLength = json.Int32("loaded_context_length"),
        Capabilities = json.Texts("capabilities"),
    };
}
