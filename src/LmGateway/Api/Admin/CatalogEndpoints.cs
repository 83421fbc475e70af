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

/// <summary>Everything that is known of the models, and what a load would need.</summary>
internal static class CatalogEndpoints
{
    public static void MapAdminCatalog(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/admin/models/catalog", ["GET", "HEAD"], ListAsync).Describe(AdminNotes.Catalog);
        routes.MapPost("/admin/models/estimate", EstimateAsync).Describe(AdminNotes.Estimate);
    }

    private static async Task ListAsync(HttpContext context, ModelFinder finder)
    {
        var snapshot = (await finder.ReachAsync(context.RequestAborted)).SeenBy(context.Grant());
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("models");
            foreach (var model in snapshot.Models) Write(writer, model, snapshot);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter writer, ModelInfo model, CatalogSnapshot snapshot)
    {
        ModelInstance[] instances = [.. snapshot.InstancesOf(model.Key).ToArray().Where(instance => instance.Id.Backend == model.Backend)];
        writer.WriteStartObject();
        writer.WriteString("modelKey", model.Key);
        writer.WriteString("backend", model.Backend);
        writer.WriteString("type", model.Type switch { ModelType.Embedding => "embedding", ModelType.Llm => "llm", _ => "unknown" });
        writer.WriteString("state", instances.Length > 0 ? "loaded" : "not-loaded");
        WriteKnown("displayName", model.DisplayName);
        WriteKnown("publisher", model.Publisher);
        WriteKnown("path", model.Path);
        WriteKnown("architecture", model.Architecture);
        WriteKnown("parameters", model.Parameters);
        WriteKnown("quantization", model.Quantization);
        WriteKnown("format", model.Format);
        if (model.SizeBytes is { } size) writer.WriteNumber("sizeBytes", size);
        if (model.MaxContextLength is { } context) writer.WriteNumber("maxContextLength", context);
        writer.WriteBoolean("vision", model.Vision);
        writer.WriteBoolean("toolUse", model.ToolUse);
        writer.WriteTexts("variants", model.Variants);
        writer.WriteStartArray("instances");
        foreach (var instance in instances) Write(writer, instance);
        writer.WriteEndArray();
        writer.WriteEndObject();

        void WriteKnown(string name, string? text)
        {
            if (text is not null) writer.WriteString(name, text);
        }
    }

    private static void Write(Utf8JsonWriter writer, ModelInstance instance)
    {
        writer.WriteStartObject();
        writer.WriteString("instanceId", instance.Identifier);
        if (instance.ContextLength is { } context) writer.WriteNumber("contextLength", context);
        if (instance.Parallel is { } parallel) writer.WriteNumber("parallel", parallel);
        if (instance.Ttl is { } ttl) writer.WriteNumber("ttlSeconds", (long)ttl.TotalSeconds);
        writer.WriteEndObject();
    }

    private static async Task EstimateAsync(HttpContext context, BodyBudget budget, ModelOperations operations)
    {
        using var body = await HeldBody.ReadAsync(context.Request, budget, context.RequestAborted);
        var command = ModelRequests.Load(body.Memory).Command;
        var (model, estimate) = await operations.EstimateAsync(command, context.Call("admin"), context.RequestAborted);
        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("modelKey", model.Key);
            writer.WriteString("backend", model.Backend.Name);
            writer.WriteBoolean("fits", estimate.Fits);
            writer.WriteNumber("totalBytes", estimate.TotalBytes);
            writer.WriteNumber("vramBytes", estimate.VramBytes);
            writer.WriteNumber("modelBytes", estimate.ModelBytes);
            writer.WriteNumber("contextBytes", estimate.ContextBytes);
            if (estimate.Confidence is { } confidence) writer.WriteString("confidence", confidence);
            writer.WriteEndObject();
        });
    }
}
