using System.Buffers;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>
/// A llama-server without a model of its own. It answers a load and an unload at once and does them afterwards; the list of models tells
/// when they are done.
/// </summary>
internal sealed class LlamaRouter(string node, string backend, HttpUpstream upstream, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UnloadLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    private readonly OpenAiListing listing = new(node, backend, upstream);

    public BackendReport Report(List<JsonElement> entries) => new()
    {
        Models = [.. entries.Select(Model)],
        Instances = [.. entries.Where(entry => Status(entry) is "loaded" or "sleeping").Select(Instance)],
        Control = new ControlChannels(WebSocket: false, Rest: true, Cli: false) { CanLoadOnDemand = true },
    };

    public async Task<LoadResult> LoadAsync(LoadOrder order, CancellationToken cancellationToken)
    {
        var wasThere = !await TellAsync("/models/load", order.ModelKey, "model is already running", cancellationToken);
        try
        {
            var loaded = await UntilAsync(order.ModelKey, entry => IsLoaded(entry, order.ModelKey), cancellationToken);
            return new LoadResult(Instance(loaded)) { WasLoaded = wasThere, NotApplied = [.. NotApplied(order)] };
        }
        catch (OperationCanceledException)
        {
            await EndAsync(order.ModelKey);
            throw;
        }
    }

    public async Task UnloadAsync(string identifier, CancellationToken cancellationToken)
    {
        if (!await TellAsync("/models/unload", identifier, "model is not running", cancellationToken)) throw NotFound($"{identifier} is not loaded.");
        using var limit = new CancellationTokenSource(UnloadLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await UntilAsync(identifier, entry => Status(entry) is not ("loaded" or "loading" or "sleeping"), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GatewayException(new GatewayError(ErrorCode.BackendTimeout, $"llama-server still has '{identifier}' loaded {UnloadLimit.TotalSeconds:0} s after it was told to unload it.") { Backend = backend });
        }
    }

    private static string? Status(JsonElement entry) => entry.Section("status").Text("value");

    /// <summary>A load that failed shows as unloaded, with a mark; one that somebody ended shows the same.</summary>
    private bool IsLoaded(JsonElement entry, string model)
    {
        if (Status(entry) is "loaded" or "sleeping") return true;
        if (Status(entry) is not "unloaded") return false;
        if (!entry.Section("status").IsTrue("failed")) return false;
        throw new GatewayException(new GatewayError(ErrorCode.LoadFailed, $"llama-server could not load '{model}' (exit code {entry.Section("status").Whole("exit_code")}); its own log says why.") { Backend = backend });
    }

    private async Task<JsonElement> UntilAsync(string model, Func<JsonElement, bool> isSo, CancellationToken cancellationToken)
    {
        while (true)
        {
            var entry = LlamaServer.Entries(await listing.ListAsync(cancellationToken)).Find(entry => entry.Text("id") == model);
            if (entry.ValueKind == JsonValueKind.Undefined) throw NotFound(model);
            if (isSo(entry)) return entry;
            await Task.Delay(Pace, time, cancellationToken);
        }
    }

    /// <summary>Gives an order; false where there was nothing to do, which the server says in these words.</summary>
    private async Task<bool> TellAsync(string path, string model, string nothingToDo, CancellationToken cancellationToken)
    {
        try
        {
            await using var reply = await upstream.AskAsync(Order(path, model), cancellationToken);
            return true;
        }
        catch (GatewayException refused) when (refused.Error.Backend == backend)
        {
            var text = refused.Message;
            if (text.Contains(nothingToDo, StringComparison.OrdinalIgnoreCase)) return false;
            if (text.Contains("model limit reached", StringComparison.OrdinalIgnoreCase)) throw new GatewayException(refused.Error with { Code = ErrorCode.InsufficientMemory }, refused);
            if (refused.Error.Code is ErrorCode.RouteNotFound || text.Contains("is not found", StringComparison.OrdinalIgnoreCase)) throw NotFound(model);
            throw;
        }
    }

    /// <summary>The unload of a model that is still loading ends its process.</summary>
    private async Task EndAsync(string model)
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            await using var reply = await upstream.SendOnceAsync(Order("/models/unload", model), limit.Token);
        }
        catch (Exception gone) when (gone is GatewayException or OperationCanceledException)
        {
            // Whoever asked for the load has left; the server ends the model with itself.
        }
    }

    private static Exchange Order(string path, string model)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("model", model);
            writer.WriteEndObject();
        }

        return new Exchange { Dialect = Dialect.OpenAiOther, Method = "POST", PathAndQuery = path, ContentType = "application/json", Body = new ReadOnlySequence<byte>(body.WrittenMemory), Timeout = Limit };
    }

    private static IEnumerable<NotApplied> NotApplied(LoadOrder order)
    {
        const string reason = "llama-server's router loads a model with the options of its own presets.";
        if (order.Identifier is { } identifier && identifier != order.ModelKey) yield return new NotApplied("instanceId", identifier, "llama-server has one copy of a model, and it bears the model's name.");
        if (order.Ttl is { } ttl) yield return new NotApplied("ttlSeconds", ttl.TotalSeconds.ToString("0"), reason);
        foreach (var setting in UnappliedSettings.Of(order.Settings, reason)) yield return setting;
    }

    private ModelInfo Model(JsonElement entry) => new()
    {
        Backend = backend,
        Key = entry.Text("id")!,
        Type = ModelType.Unknown,
        Format = "gguf",
        SizeBytes = entry.Section("meta").Whole("size"),
        MaxContextLength = (int?)entry.Section("meta").Whole("n_ctx_train"),
        Vision = entry.Section("architecture").Items("input_modalities").Any(kind => kind.Text() == "image"),
    };

    private ModelInstance Instance(JsonElement entry) => new()
    {
        Id = new InstanceId(node, backend, entry.Text("id")!),
        ModelKey = entry.Text("id")!,
        Type = ModelType.Unknown,
        ContextLength = (int?)entry.Section("meta").Whole("n_ctx"),
    };

    private GatewayException NotFound(string what) => new(new GatewayError(ErrorCode.ModelNotFound, $"Model not found: {what}") { Backend = backend });
}
