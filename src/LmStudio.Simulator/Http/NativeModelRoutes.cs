using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The native API v1: list, load (synchronous, every call another instance) and unload.</summary>
internal static class NativeModelRoutes
{
    private static readonly string[] LoadFields =
        ["model", "context_length", "eval_batch_size", "flash_attention", "num_experts", "offload_kv_cache_to_gpu", "echo_load_config"];

    public static void Map(RouteTable routes)
    {
        routes.Add("GET", "/api/v1/models", List);
        routes.Add("POST", "/api/v1/models/load", LoadAsync);
        routes.Add("POST", "/api/v1/models/unload", Unload);
    }

    private static Task List(HttpExchange exchange)
    {
        var entries = exchange.Studio.Models.List().Select(model => Entry(exchange.Studio, model));
        return exchange.ReplyAsync(new JsonObject { ["models"] = new JsonArray([.. entries]) });
    }

    private static JsonObject Entry(SimulatedLmStudio studio, SimulatedModel model)
    {
        var isLlm = model.Domain == ModelDomain.Llm;
        var entry = new JsonObject
        {
            ["type"] = isLlm ? "llm" : "embedding",
            ["publisher"] = model.Publisher,
            ["key"] = model.Key,
            ["display_name"] = model.DisplayName,
        };
        if (isLlm) entry["architecture"] = model.Architecture;
        entry["quantization"] = model.Quantization is { } quantization
            ? new JsonObject { ["name"] = quantization.Name, ["bits_per_weight"] = quantization.Bits }
            : null;
        entry["size_bytes"] = model.SizeBytes;
        entry["params_string"] = model.ParamsString;
        entry["loaded_instances"] = new JsonArray([.. studio.Instances.All
            .Where(instance => instance.Model.Key == model.Key)
            .Select(instance => new JsonObject { ["id"] = instance.Identifier, ["config"] = Config(instance, withParallel: true) })]);
        entry["max_context_length"] = model.MaxContextLength;
        entry["format"] = model.Format;
        if (isLlm)
        {
            var capabilities = new JsonObject { ["vision"] = model.Vision, ["trained_for_tool_use"] = model.TrainedForToolUse };
            if (model.Reasons) capabilities["reasoning"] = new JsonObject { ["allowed_options"] = new JsonArray("off", "on"), ["default"] = "off" };
            entry["capabilities"] = capabilities;
            entry["description"] = null;
        }

        if (model.Variants.Count > 0)
        {
            entry["variants"] = new JsonArray([.. model.Variants.Select(variant => JsonValue.Create(variant))]);
            entry["selected_variant"] = model.SelectedVariant;
        }

        return entry;
    }

    private static JsonObject Config(LoadedInstance instance, bool withParallel)
    {
        var config = new JsonObject { ["context_length"] = instance.ContextLength };
        if (instance.Model.Domain == ModelDomain.Embedding) return config;
        config["eval_batch_size"] = instance.LoadConfig.Int("llm.load.llama.evalBatchSize");
        if (withParallel) config["parallel"] = instance.Parallel;
        config["flash_attention"] = instance.LoadConfig.Bool("llm.load.llama.flashAttention");
        config["num_experts"] = instance.LoadConfig.Int("llm.load.numExperts");
        config["offload_kv_cache_to_gpu"] = instance.LoadConfig.Bool("llm.load.offloadKVCacheToGpu");
        return config;
    }

    private static async Task LoadAsync(HttpExchange exchange)
    {
        var body = CheckedText(exchange, LoadFields, "model");
        try
        {
            var load = new LoadRequest { ModelKey = body.Text("model")!, Config = Sent(exchange.Studio, body) };
            await foreach (var step in exchange.Studio.Loading.LoadAsync(load, exchange.Gone))
                if (step is LoadEvent.Loaded loaded) await exchange.ReplyAsync(Loaded(loaded, body.Flag("echo_load_config")));
        }
        catch (EngineException exception)
        {
            throw HttpError.Native(exception.Error);
        }
    }

    private static JsonObject Loaded(LoadEvent.Loaded loaded, bool echo)
    {
        var reply = new JsonObject
        {
            ["type"] = loaded.Instance.Model.Domain == ModelDomain.Llm ? "llm" : "embedding",
            ["instance_id"] = loaded.Instance.Identifier,
            ["load_time_seconds"] = Math.Round(loaded.Took.TotalSeconds, 3),
            ["status"] = "loaded",
        };
        if (echo) reply["load_config"] = Config(loaded.Instance, withParallel: false);
        return reply;
    }

    /// <summary>The body as the configuration that the app would load with.</summary>
    private static KvConfig Sent(SimulatedLmStudio studio, JsonElement body)
    {
        var isEmbedding = studio.Models.Find(body.Text("model")!) is [{ Domain: ModelDomain.Embedding }, ..];
        (string Field, string Key)[] keys =
        [
            ("context_length", isEmbedding ? LoadConfigSchema.EmbeddingContextLength : LoadConfigSchema.LlmContextLength),
            ("eval_batch_size", "llm.load.llama.evalBatchSize"),
            ("flash_attention", "llm.load.llama.flashAttention"),
            ("num_experts", "llm.load.numExperts"),
            ("offload_kv_cache_to_gpu", "llm.load.offloadKVCacheToGpu"),
        ];
        var config = KvConfig.Empty.With(LoadConfigSchema.AutoFit, "false");
        foreach (var (field, key) in keys)
        {
            if (body.Field(field) is not { } value) continue;
            var isRight = field is "flash_attention" or "offload_kv_cache_to_gpu"
                ? value.ValueKind is JsonValueKind.True or JsonValueKind.False
                : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0;
            if (!isRight) throw HttpError.Native(400, "invalid_request", $"Invalid value for \"{field}\"", "invalid_value", field);
            config = config.With(key, value.GetRawText());
        }

        return config;
    }

    private static Task Unload(HttpExchange exchange)
    {
        var id = CheckedText(exchange, ["instance_id"], "instance_id").Text("instance_id")!;
        try
        {
            exchange.Studio.Instances.Unload(id);
        }
        catch (EngineException exception)
        {
            throw HttpError.Native(exception.Error);
        }

        return exchange.ReplyAsync(new JsonObject { ["instance_id"] = id });
    }

    /// <summary>A body of the native API: nothing but the known members, and the required one a string.</summary>
    /// <exception cref="HttpErrorException">In the shape of the native API v1.</exception>
    public static JsonElement Checked(HttpExchange exchange, IReadOnlyCollection<string> known, string required)
    {
        JsonElement body;
        try
        {
            body = exchange.Json();
        }
        catch (HttpErrorException exception)
        {
            throw HttpError.Native(400, "invalid_request", exception.Message, "invalid_json");
        }

        var unknown = body.EnumerateObject().Select(member => member.Name).Where(name => !known.Contains(name)).ToList();
        var list = string.Join(", ", unknown.Select(name => $"'{name}'"));
        if (unknown.Count > 0) throw HttpError.Native(400, "invalid_request", $"Unrecognized key(s) in object: {list}", "unrecognized_keys");
        if (body.Field(required) is null) throw HttpError.Native(400, "invalid_request", $"\"{required}\" is required", "missing_required_parameter", required);
        return body;
    }

    /// <summary>As above, and the required member must be a string.</summary>
    public static JsonElement CheckedText(HttpExchange exchange, IReadOnlyCollection<string> known, string required)
    {
        var body = Checked(exchange, known, required);
        return body.Text(required) is not null
            ? body
            : throw HttpError.Native(400, "invalid_request", $"\"{required}\" must be a string", "invalid_type", required);
    }
}
