using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Events;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LmGateway.Api.Admin;

/// <summary>The admin API: models listed, loaded, unloaded and activated by hand.</summary>
internal static class AdminEndpoints
{
    public static void MapAdminApi(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/admin/models", ["GET", "HEAD"], ListAsync).Describe(AdminNotes.List);
        routes.MapPost("/admin/models/load", LoadAsync).Describe(AdminNotes.Load);
        routes.MapPost("/admin/models/unload", UnloadAsync).Describe(AdminNotes.Unload);
        routes.MapPost("/admin/models/activate", ActivateAsync).Describe(AdminNotes.Activate);
        routes.MapAdminCatalog();
        routes.MapAdminTransfers();
        AdminBringUp.Map(routes);
        AdminKeys.Map(routes);
        AdminSettings.Map(routes);
        AdminReload.Map(routes);
    }

    private static async Task ListAsync(HttpContext context, ModelFinder finder)
    {
        var snapshot = (await finder.ReachAsync(context.RequestAborted)).SeenBy(context.Grant());
        var several = snapshot.Backends.Count > 1;
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("loaded");
            foreach (var instance in snapshot.Instances) WriteLoaded(writer, instance, several);
            writer.WriteEndArray();
            writer.WriteStartArray("downloaded");
            foreach (var model in snapshot.Models) WriteDownloaded(writer, model, several);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void WriteLoaded(Utf8JsonWriter writer, ModelInstance instance, bool several)
    {
        writer.WriteStartObject();
        writer.WriteString("path", instance.ModelKey);
        writer.WriteString("identifier", instance.Identifier);
        if (several) writer.WriteString("backend", instance.Id.Backend);
        writer.WriteEndObject();
    }

    private static void WriteDownloaded(Utf8JsonWriter writer, ModelInfo model, bool several)
    {
        writer.WriteStartObject();
        writer.WriteString("path", model.Key);
        writer.WriteNumber("size", model.SizeBytes ?? 0);
        writer.WriteString("type", model.Type == ModelType.Embedding ? "embedding" : "llm");
        if (several) writer.WriteString("backend", model.Backend);
        writer.WriteEndObject();
    }

    private static async Task LoadAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = ModelRequests.Load(body.Memory);
        context.Concerns(request.Command.ModelKey);
        var outcome = await operations.LoadAsync(request.Command, context.Call("admin"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "loaded");
            writer.WriteString("modelKey", request.Command.ModelKey);
            writer.WriteString("instanceId", request.Command.InstanceId);
            writer.WriteBoolean("activated", outcome.Activated);
            writer.WriteNumber("totalTimeMs", (long)Math.Round(outcome.Took.TotalMilliseconds));
            writer.WriteString("message", "Model loaded successfully via LM Studio SDK");
            if (request.Command.InstanceId is null) writer.WriteString("identifier", outcome.Instance.Identifier);
            writer.WriteTexts("unloaded", outcome.Unloaded);
            WriteNotApplied(writer, [.. outcome.NotApplied, .. request.Unknown]);
            writer.WriteEndObject();
        });
    }

    private static async Task UnloadAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = ModelRequests.Unload(body.Memory);
        context.Concerns(request.InstanceId ?? request.ModelKey);
        var outcome = await operations.UnloadAsync(request.ModelKey, request.InstanceId, request.Force, context.Call("admin"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "unloaded");
            writer.WriteString("modelKey", request.ModelKey ?? outcome.Instance.ModelKey);
            writer.WriteString("instanceId", request.InstanceId);
            writer.WriteNumber("totalTimeMs", (long)Math.Round(outcome.Took.TotalMilliseconds));
            writer.WriteString("message", "Model unloaded successfully via LM Studio SDK");
            writer.WriteEndObject();
        });
    }

    private static async Task ActivateAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var request = ModelRequests.Activate(body.Memory);
        context.Concerns(request.InstanceId ?? request.ModelKey);
        await operations.ActivateAsync(request.ModelKey, request.InstanceId, request.Defaults, context.Call("admin"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "activated");
            writer.WriteString("modelKey", request.ModelKey);
            writer.WriteString("instanceId", request.InstanceId);
            writer.WritePropertyName("defaultInference");
            WriteDefaults(writer, request.Defaults);
            writer.WriteString("message", "Model activated successfully");
            writer.WriteEndObject();
        });
    }

    private static void WriteDefaults(Utf8JsonWriter writer, InferenceDefaults defaults)
    {
        writer.WriteStartObject();
        if (defaults.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        if (defaults.MaxTokens is { } maxTokens) writer.WriteNumber("maxTokens", maxTokens);
        if (defaults.TopP is { } topP) writer.WriteNumber("topP", topP);
        if (defaults.TopK is { } topK) writer.WriteNumber("topK", topK);
        if (defaults.RepeatPenalty is { } penalty) writer.WriteNumber("repeatPenalty", penalty);
        writer.WriteTexts("stopStrings", defaults.StopStrings ?? []);
        if (defaults.Stream is { } stream) writer.WriteBoolean("stream", stream);
        writer.WriteEndObject();
    }

    private static void WriteNotApplied(Utf8JsonWriter writer, IReadOnlyList<NotApplied> notApplied)
    {
        if (notApplied.Count == 0) return;
        writer.WriteTexts("notApplied", [.. notApplied.Select(item => item.Parameter)]);
        writer.WriteStartObject("notAppliedReasons");
        foreach (var item in notApplied) writer.WriteString(item.Parameter, item.Reason);
        writer.WriteEndObject();
    }
}
