using LmGateway.Api.Http;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.LmStudio;

/// <summary>Loading and unloading by LM Studio's own routes, through the gateway's scheduler.</summary>
internal static class NativeLoads
{
    public static async Task LoadAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var fields = Fields(body);
        var echo = fields.Flag("echo_load_config") ?? false;
        var command = new LoadCommand(fields.RequiredText("model"))
        {
            Settings = new LoadSettings
            {
                ContextLength = fields.Whole(1, int.MaxValue, "context_length"),
                EvalBatchSize = fields.Whole(1, int.MaxValue, "eval_batch_size"),
                FlashAttention = fields.Flag("flash_attention"),
                NumExperts = fields.Whole(0, int.MaxValue, "num_experts"),
                OffloadKvCacheToGpu = fields.Flag("offload_kv_cache_to_gpu"),
            },
        };
        RefuseOddities(fields);
        context.Concerns(command.ModelKey);
        var outcome = await operations.LoadAsync(command, context.Call("lmstudio"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("type", outcome.Instance.Type == ModelType.Embedding ? "embedding" : "llm");
            writer.WriteString("instance_id", outcome.Instance.Identifier);
            writer.WriteNumber("load_time_seconds", Math.Round(outcome.Took.TotalSeconds, 3));
            writer.WriteString("status", "loaded");
            if (echo) WriteConfig(writer, command.Settings, outcome.Instance);
            writer.WriteEndObject();
        });
    }

    public static async Task UnloadAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var fields = Fields(body);
        var identifier = fields.RequiredText("instance_id");
        RefuseOddities(fields);
        context.Concerns(identifier);
        var outcome = await operations.UnloadAsync(modelKey: null, identifier, force: false, context.Call("lmstudio"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("instance_id", outcome.Instance.Identifier);
            writer.WriteEndObject();
        });
    }

    private static JsonFields Fields(HeldBody body) => JsonFields.Of(body.Memory);

    /// <summary>This API refuses what it does not know, as LM Studio's does.</summary>
    public static void RefuseOddities(JsonFields fields)
    {
        foreach (var (name, _) in fields.Unread()) fields.Fault(name, "is not a parameter of this request");
        if (fields.Faults.Count > 0)
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, string.Join("; ", fields.Faults)) { Parameter = fields.Faults[0].Split(':')[0] });
    }

    private static void WriteConfig(System.Text.Json.Utf8JsonWriter writer, LoadSettings settings, ModelInstance instance)
    {
        writer.WriteStartObject("load_config");
        if ((instance.ContextLength ?? settings.ContextLength) is { } context) writer.WriteNumber("context_length", context);
        if (settings.EvalBatchSize is { } batch) writer.WriteNumber("eval_batch_size", batch);
        if (settings.FlashAttention is { } flash) writer.WriteBoolean("flash_attention", flash);
        if (settings.OffloadKvCacheToGpu is { } offload) writer.WriteBoolean("offload_kv_cache_to_gpu", offload);
        if (settings.NumExperts is { } experts) writer.WriteNumber("num_experts", experts);
        writer.WriteEndObject();
    }
}
