using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>A search for models to download.</summary>
public sealed record ModelSearch
{
    /// <summary>What to look for; null lists what LM Studio recommends.</summary>
    public string? SearchTerm { get; init; }

    /// <summary>Most results, 1 to 25.</summary>
    public int? Limit { get; init; }

    /// <summary>File formats, such as <c>gguf</c>.</summary>
    public IReadOnlyList<string>? CompatibilityTypes { get; init; }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("opts");
        if (SearchTerm is not null) writer.WriteString("searchTerm", SearchTerm);
        if (Limit is { } limit) writer.WriteNumber("limit", limit);
        if (CompatibilityTypes is { } types)
        {
            writer.WritePropertyName("compatibilityTypes");
            KvValue.WriteArray(writer, types, writer.WriteStringValue);
        }

        writer.WriteEndObject();
    }
}

/// <summary>A model that a search found. The type of its identifier is <c>catalog</c> or <c>hf</c> (Hugging Face).</summary>
public sealed record ModelSearchResult(string Name, ModelSearchIdentifier Identifier, bool IsExact, bool IsStaffPick)
{
    internal static ModelSearchResult? TryRead(JsonElement json) =>
        json.Member("identifier") is { } id && id.Text("type") is { } type && id.Text("identifier") is { } identifier
            ? new ModelSearchResult(
                json.Text("name") ?? identifier, new ModelSearchIdentifier(type, identifier), json.Flag("exact") ?? false, json.Flag("staffPick") ?? false)
            : null;
}

/// <summary>Names a model to download, such as <c>hf</c> and <c>Qwen/Qwen3-4B-GGUF</c>.</summary>
public sealed record ModelSearchIdentifier(string Type, string Identifier)
{
    /// <summary>A repository of Hugging Face.</summary>
    public static ModelSearchIdentifier HuggingFace(string repository) => new("hf", repository);

    /// <summary>An entry of LM Studio's catalog.</summary>
    public static ModelSearchIdentifier Catalog(string name) => new("catalog", name);
}

/// <summary>One file that a model can be downloaded as.</summary>
public sealed record ModelDownloadOption
{
    /// <summary>Opaque: what a download is asked for with.</summary>
    public required string DownloadIdentifier { get; init; }

    /// <summary>Name for people.</summary>
    public string? Name { get; init; }

    /// <summary>Quantisation, such as <c>Q4_K_M</c>.</summary>
    public string? Quantization { get; init; }

    /// <summary>Size of the download.</summary>
    public long? SizeBytes { get; init; }

    /// <summary><c>fullGPUOffload</c>, <c>partialGPUOffload</c>, <c>fitWithoutGPU</c> or <c>willNotFit</c>.</summary>
    public string? FitEstimation { get; init; }

    /// <summary>Whether LM Studio recommends it for this machine.</summary>
    public bool IsRecommended { get; init; }

    /// <summary>The identifier that the model will be indexed by.</summary>
    public string? IndexedModelIdentifier { get; init; }

    /// <summary>File format, such as <c>gguf</c>.</summary>
    public string? CompatibilityType { get; init; }

    internal static ModelDownloadOption? TryRead(JsonElement json) => json.Text("downloadIdentifier") is not { } identifier ? null : new()
    {
        DownloadIdentifier = identifier,
        Name = json.Text("name"),
        Quantization = json.Text("quantization"),
        SizeBytes = json.Int64("sizeBytes"),
        FitEstimation = json.Text("fitEstimation"),
        IsRecommended = json.Flag("recommended") ?? false,
        IndexedModelIdentifier = json.Text("indexedModelIdentifier"),
        CompatibilityType = json.Text("compatibilityType"),
    };
}

/// <summary>What happens during a download.</summary>
public abstract record DownloadEvent
{
    private DownloadEvent()
    {
    }

    /// <summary>The plan was worked out or changed; what to download is settled when it is ready.</summary>
    public sealed record Planned(DownloadPlan Plan, bool IsReady) : DownloadEvent;

    /// <summary>How far the download is.</summary>
    public sealed record Progressed(long DownloadedBytes, long TotalBytes, double BytesPerSecond) : DownloadEvent;

    /// <summary>Everything is there and is being put in place.</summary>
    public sealed record Finalizing : DownloadEvent;

    internal static DownloadEvent? TryRead(JsonElement message) => message.Text("type") switch
    {
        "planUpdated" or "planReady" when message.Member("plan") is { } plan => new Planned(DownloadPlan.Read(plan), message.Text("type") == "planReady"),
        "downloadProgress" when message.Member("update") is { } update => new Progressed(
            update.Int64("downloadedBytes") ?? 0, update.Int64("totalBytes") ?? 0, update.Number("speedBytesPerSecond") ?? 0),
        "startFinalizing" => new Finalizing(),
        _ => null,
    };
}

/// <summary>What a download will do: <c>none</c>, <c>startNewDownload</c> or <c>attachToExistingDownload</c>; its nodes as LM Studio gives them.</summary>
public sealed record DownloadPlan(string? Action, long SizeBytes, IReadOnlyList<JsonElement> Nodes)
{
    /// <summary>Whether the plan takes, or finds already there, a file of this quantisation.</summary>
    internal bool Selects(string quantization) => Nodes.Any(node =>
        new[] { node.Member("selected"), node.Member("alreadyOwned") }.Any(file =>
            string.Equals(file?.Text("quantName"), quantization, StringComparison.OrdinalIgnoreCase)));

    internal static DownloadPlan Read(JsonElement json) => new(
        json.Text("downloadAction"),
        json.Int64("downloadSizeBytes") ?? 0,
        json.Member("nodes") is { ValueKind: JsonValueKind.Array } nodes ? [.. nodes.EnumerateArray()] : []);
}

/// <summary>A model to plan a download of.</summary>
public sealed record DownloadTarget
{
    private DownloadTarget(string owner, string name, bool isHuggingFace) => (Owner, Name, IsHuggingFace) = (owner, name, isHuggingFace);

    /// <summary>Owner of the repository or of the catalog's entry.</summary>
    public string Owner { get; }

    /// <summary>Name under the owner.</summary>
    public string Name { get; }

    /// <summary>Whether this is a repository of Hugging Face, not an entry of LM Studio's catalog.</summary>
    public bool IsHuggingFace { get; }

    /// <summary>The quantisation that is wanted, such as <c>Q4_K_M</c>.</summary>
    public string? Quantization { get; init; }

    /// <summary>The file formats that are wanted.</summary>
    public IReadOnlyList<string>? CompatibilityTypes { get; init; }

    /// <summary>A repository of Hugging Face.</summary>
    public static DownloadTarget HuggingFace(string user, string repository) => new(user, repository, isHuggingFace: true);

    /// <summary>An entry of LM Studio's catalog; the owner in lower case.</summary>
    public static DownloadTarget Catalog(string owner, string name) => new(owner, name, isHuggingFace: false);

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("target");
        writer.WriteString("type", IsHuggingFace ? "model" : "artifact");
        if (IsHuggingFace) writer.WriteStartObject("source");
        if (IsHuggingFace) writer.WriteString("type", "huggingface");
        writer.WriteString(IsHuggingFace ? "user" : "owner", Owner);
        writer.WriteString(IsHuggingFace ? "repo" : "name", Name);
        if (IsHuggingFace) writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteStartObject("opts");
        if (Quantization is not null)
        {
            writer.WriteStartArray("resolutionPreference");
            writer.WriteStartObject();
            writer.WriteString("type", "quantName");
            writer.WriteString("quantName", Quantization);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        if (CompatibilityTypes is { } types)
        {
            writer.WritePropertyName("compatibilityTypes");
            KvValue.WriteArray(writer, types, writer.WriteStringValue);
        }

        writer.WriteEndObject();
    }
}
