namespace LmStudio.Simulator.Engine;

/// <summary>One file that a downloadable model offers.</summary>
public sealed record DownloadOption(string Quant, int Bits, long SizeBytes, string FileName)
{
    public bool Recommended { get; init; }
}

/// <summary>A model of the hub or of Hugging Face that can be downloaded, whether or not it already is.</summary>
public sealed record DownloadableModel
{
    /// <summary>The owner and the name, as the hub or Hugging Face writes them.</summary>
    public required string Owner { get; init; }

    public required string Name { get; init; }

    /// <summary>Whether it is an artifact of LM Studio's hub (a lower-case id) and not a Hugging Face repository.</summary>
    public bool IsCatalog { get; init; }

    public required IReadOnlyList<DownloadOption> Options { get; init; }

    public string Id => $"{Owner}/{Name}";

    internal ModelCard Card { get; init; } = new();
    internal bool Stocked { get; init; }

    /// <summary>The option by quantisation, or the recommended one; null when the quantisation is not offered.</summary>
    public DownloadOption? Option(string? quant) => quant is null
        ? Options.FirstOrDefault(option => option.Recommended) ?? Options[0]
        : Options.FirstOrDefault(option => option.Quant.Equals(quant, StringComparison.OrdinalIgnoreCase));

    /// <summary>Where a file of it lies, relative to the models folder.</summary>
    public string FileOf(DownloadOption option) => $"{Owner}/{Name}/{option.FileName}";

    internal ModelCard CardOf(DownloadOption option) => Card with
    {
        Quant = option.Quant,
        Bits = option.Bits,
        SizeBytes = option.SizeBytes,
        CatalogKey = IsCatalog ? Id : null,
    };
}

/// <summary>What exists in the simulated world: the models that are there from the start, and those that can be downloaded.</summary>
internal static class ModelStock
{
    public static IReadOnlyList<DownloadableModel> World { get; } =
    [
        HuggingFace("ibm-granite/granite-3.0-2b-instruct", "granite-3.0-2b-instruct", 1_600_000_000, stocked: true,
            new ModelCard { DisplayName = "Granite 3.0 2B Instruct", Architecture = "granite", Params = "2B", MaxContextLength = 4096 }),
        HuggingFace("Qwen/Qwen2-1.5B-Instruct-GGUF", "qwen2-1_5b-instruct", 986_045_824, stocked: true,
            new ModelCard { DisplayName = "Qwen2 1.5B Instruct", Architecture = "qwen2", Params = "1.5B", Tools = true }),
        Catalog("qwen/qwen3-4b-2507", "Qwen3-4B-2507", 2_497_281_120, stocked: true,
            new ModelCard { DisplayName = "Qwen3 4B 2507", Architecture = "qwen3", Params = "4B", Tools = true, MaxContextLength = 262144 }),
        HuggingFace("lmstudio-community/Qwen3-VL-4B-Instruct-GGUF", "Qwen3-VL-4B-Instruct", 3_334_000_000, stocked: true,
            new ModelCard { DisplayName = "Qwen3 VL 4B Instruct", Architecture = "qwen3vl", Params = "4B", Tools = true, Vision = true, MaxContextLength = 262144 }),
        HuggingFace("nomic-ai/nomic-embed-text-v1.5-GGUF", "nomic-embed-text-v1.5", 84_106_624, stocked: true,
            new ModelCard { DisplayName = "Nomic Embed Text v1.5", Architecture = "nomic-bert", Embedding = true, MaxContextLength = 2048 }),
        HuggingFace("meta-llama/Meta-Llama-3-8B-Instruct", "Meta-Llama-3-8B-Instruct", 4_920_734_272, stocked: false,
            new ModelCard { DisplayName = "Meta Llama 3 8B Instruct", Architecture = "llama", Params = "8B", MaxContextLength = 8192 }),
        HuggingFace("lmstudio-community/Llama-3.2-1B-Instruct-GGUF", "Llama-3.2-1B-Instruct", 807_694_464, stocked: false,
            new ModelCard { DisplayName = "Llama 3.2 1B Instruct", Architecture = "llama", Params = "1B", Tools = true, MaxContextLength = 131072 }),
        HuggingFace("Qwen/Qwen3-4B-GGUF", "Qwen3-4B", 2_497_281_120, stocked: false,
            new ModelCard { DisplayName = "Qwen3 4B", Architecture = "qwen3", Params = "4B", Tools = true, MaxContextLength = 40960 }),
        HuggingFace("second-state/All-MiniLM-L6-v2-Embedding-GGUF", "all-MiniLM-L6-v2", 24_900_000, stocked: false,
            new ModelCard { DisplayName = "All MiniLM L6 v2", Architecture = "bert", Embedding = true, MaxContextLength = 512 }),
        Catalog("qwen/qwen3-4b", "Qwen3-4B", 2_497_281_120, stocked: false,
            new ModelCard { DisplayName = "Qwen3 4B", Architecture = "qwen3", Params = "4B", Tools = true, MaxContextLength = 40960 }),
        Catalog("openai/gpt-oss-20b", "gpt-oss-20b", 12_109_566_560, stocked: false,
            new ModelCard { DisplayName = "gpt-oss 20B", Architecture = "gpt-oss", Params = "20B", Tools = true, MaxContextLength = 131072 }),
    ];

    /// <summary>A model made up for a key: an embedding model by its prefix, a vision model by a <c>vl</c> or <c>vision</c> in its name.</summary>
    public static DownloadableModel MadeUp(string key)
    {
        var embedding = key.StartsWith("text-embedding-", StringComparison.Ordinal);
        var name = key[(key.LastIndexOf('/') + 1)..];
        var card = new ModelCard
        {
            DisplayName = name,
            Architecture = embedding ? "bert" : "llama",
            Embedding = embedding,
            Tools = !embedding,
            Vision = key.Contains("-vl", StringComparison.OrdinalIgnoreCase) || key.Contains("vision", StringComparison.OrdinalIgnoreCase),
        };
        return key.Contains('/')
            ? Catalog(key, name, 1_000_000_000, stocked: true, card)
            : HuggingFace("simulator/" + (embedding ? key["text-embedding-".Length..] : key), name, 1_000_000_000, stocked: true, card);
    }

    private static DownloadableModel Catalog(string id, string file, long size, bool stocked, ModelCard card) =>
        HuggingFace(id, file, size, stocked, card) with { IsCatalog = true };

    private static DownloadableModel HuggingFace(string id, string file, long size, bool stocked, ModelCard card)
    {
        var slash = id.IndexOf('/');
        return new DownloadableModel
        {
            Owner = id[..slash],
            Name = id[(slash + 1)..],
            Card = card,
            Stocked = stocked,
            Options =
            [
                new DownloadOption("Q4_K_M", 4, size, file + "-Q4_K_M.gguf") { Recommended = true },
                new DownloadOption("Q8_0", 8, size * 2, file + "-Q8_0.gguf"),
            ],
        };
    }
}
