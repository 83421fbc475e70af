using System.Collections.Frozen;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>
/// llama.cpp's server: with one model, which answers to any name, or as a router, which loads and unloads models in processes of their own.
/// <c>/slots</c> and <c>/metrics</c> are never asked: each look at them delays the moment at which it notices that a caller has gone.
/// </summary>
internal sealed class LlamaServer(string node, string backend, HttpUpstream upstream, TimeProvider time)
{
    private const string Kind = "llama-server";

    private static readonly BackendTraits Single = OpenAiListing.Traits with
    {
        Kind = Kind,
        Defects = DialectDefects.RefusesJsonObject | DialectDefects.RefusesRemoteImages,
        Extensions = FrozenSet.ToFrozenSet(["top_k", "min_p", "typical_p", "repeat_penalty", "grammar", "cache_prompt", "n_probs"]),
    };

    private static readonly BackendTraits Routing = Single with { CanLoad = true, TakesAnyModelName = false, NamesTheInstance = true };

    private readonly OpenAiListing listing = new(node, backend, upstream);
    private readonly LlamaRouter router = new(node, backend, upstream, time);

    /// <summary>Its answers say what it is.</summary>
    public static bool Is(ModelsReply reply) => reply.Program?.StartsWith("llama.cpp", StringComparison.OrdinalIgnoreCase) == true;

    public async Task<BackendReport> LookAsync(ModelsReply list, CancellationToken cancellationToken)
    {
        if (list.Status == 503) return new BackendReport { Models = [], Instances = [], Control = ControlChannels.None, Traits = Single, Problem = "llama-server is still loading its model." };
        var entries = Entries(list);
        if (entries.Exists(entry => entry.Section("status").ValueKind == JsonValueKind.Object))
            return router.Report(entries) with { Traits = Routing };
        var props = await listing.GetAsync("/props", cancellationToken) ?? default;
        return new BackendReport
        {
            Models = [.. entries.Select(entry => Model(entry, props))],
            Instances = [.. entries.Select(entry => Instance(entry, props))],
            Control = ControlChannels.None,
            Traits = Single,
            Version = props.Text("build_info"),
        };
    }

    public Task<LoadResult> LoadAsync(LoadOrder order, CancellationToken cancellationToken) => router.LoadAsync(order, cancellationToken);

    public Task UnloadAsync(string identifier, CancellationToken cancellationToken) => router.UnloadAsync(identifier, cancellationToken);

    /// <summary>The entries of a list that have a name.</summary>
    public static List<JsonElement> Entries(ModelsReply list) =>
        [.. (list.Body ?? default).Items("data").Where(entry => entry.Text("id") is { Length: > 0 })];

    private ModelInfo Model(JsonElement entry, JsonElement props) => new()
    {
        Backend = backend,
        Key = entry.Text("id")!,
        Type = ModelType.Unknown,       // a server for embeddings calls itself one for completions too
        Format = "gguf",
        Quantization = props.Text("model_ftype"),
        SizeBytes = entry.Section("meta").Whole("size"),
        MaxContextLength = (int?)entry.Section("meta").Whole("n_ctx_train"),
        Vision = props.Section("modalities").IsTrue("vision"),
    };

    /// <summary>The context is that of one slot, and so is what a request can use.</summary>
    private ModelInstance Instance(JsonElement entry, JsonElement props) => new()
    {
        Id = new InstanceId(node, backend, entry.Text("id")!),
        ModelKey = entry.Text("id")!,
        Type = ModelType.Unknown,
        ContextLength = (int?)props.Section("default_generation_settings").Whole("n_ctx"),
        Parallel = (int?)props.Whole("total_slots"),
    };
}
