using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace LmGateway.Api.OpenAi;

/// <summary>
/// What can be asked for, in OpenAI's list shape, with the gateway's own fields beside it. An instance with a name of its own is an entry
/// of its own, because requests can name it.
/// </summary>
internal static class ModelList
{
    /// <summary>Any fixed moment does; clients want an integer that does not change.</summary>
    private const long Created = 1700000000;

    public static async Task ListAsync(HttpContext context, ModelFinder finder, LiveSettings settings)
    {
        var options = settings.Current;
        var snapshot = await finder.SeenAsync(context.Grant(), context.RequestAborted);
        var loadedOnly = options.Inference.ListsOnlyLoaded || string.Equals(context.Request.Query["state"], "loaded", StringComparison.OrdinalIgnoreCase);
        if (IsPlain(context, options))
        {
            await WritePlainAsync(context, snapshot);
            return;
        }

        await JsonReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("object", "list");
            writer.WriteStartArray("data");
            foreach (var entry in Entries(snapshot))
                if (!loadedOnly || entry.Instances.Count > 0) Write(writer, entry);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    public static async Task ShowAsync(HttpContext context, string id, ModelFinder finder)
    {
        var name = Uri.UnescapeDataString(id);
        var snapshot = await finder.SeenAsync(context.Grant(), context.RequestAborted);
        var entry = Entries(snapshot).FirstOrDefault(entry => entry.Id == name);
        if (entry is null)
        {
            var found = await finder.FindAsync(name, ModelType.Unknown, context.Grant(), context.RequestAborted);
            entry = Entries(await finder.SeenAsync(context.Grant(), context.RequestAborted)).FirstOrDefault(entry => entry.Id == (found.Target.Identifier ?? found.Key))
                ?? new Entry(name, found.Info ?? new ModelInfo { Backend = found.Backend.Name, Key = name, Type = ModelType.Unknown }, []);
        }

        await JsonReply.WriteAsync(context, 200, writer => Write(writer, entry));
    }

    private static IEnumerable<Entry> Entries(CatalogSnapshot snapshot)
    {
        foreach (var model in snapshot.Models)
        {
            ModelInstance[] instances = [.. snapshot.InstancesOf(model.Key).ToArray().Where(instance => instance.Id.Backend == model.Backend)];
            var id = snapshot.ModelsWithKey(model.Key).Length > 1 ? $"{model.Backend}/{model.Key}" : model.Key;
            yield return new Entry(id, model, instances);
            foreach (var instance in instances)
                if (instance.Identifier != model.Key) yield return new Entry(instance.Identifier, model, [instance]);
        }
    }

    private static void Write(Utf8JsonWriter writer, Entry entry)
    {
        var model = entry.Model;
        writer.WriteStartObject();
        writer.WriteString("id", entry.Id);
        writer.WriteString("object", "model");
        writer.WriteNumber("created", Created);
        writer.WriteString("owned_by", model.Publisher ?? model.Backend);
        writer.WriteString("key", model.Key);
        writer.WriteString("display_name", model.DisplayName ?? model.Key);
        writer.WriteString("type", model.Type switch { ModelType.Embedding => "embedding", ModelType.Llm => "llm", _ => "unknown" });
        writer.WriteString("state", entry.Instances.Count > 0 ? "loaded" : "not-loaded");
        writer.WriteString("backend", model.Backend);
        if (model.MaxContextLength is { } most) writer.WriteNumber("max_context_length", most);
        if (entry.Instances.Count > 0 && entry.Instances[0].ContextLength is { } context) writer.WriteNumber("context_length", context);
        WriteCapabilities(writer, model);
        writer.WriteStartArray("instances");
        foreach (var instance in entry.Instances) WriteInstance(writer, instance);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteCapabilities(Utf8JsonWriter writer, ModelInfo model)
    {
        writer.WriteStartArray("capabilities");
        if (model.Vision) writer.WriteStringValue("vision");
        if (model.ToolUse) writer.WriteStringValue("tool_use");
        writer.WriteEndArray();
    }

    private static void WriteInstance(Utf8JsonWriter writer, ModelInstance instance)
    {
        writer.WriteStartObject();
        writer.WriteString("id", instance.Identifier);
        if (instance.ContextLength is { } context) writer.WriteNumber("context_length", context);
        if (instance.Parallel is { } parallel) writer.WriteNumber("parallel", parallel);
        if (instance.Ttl is { } ttl) writer.WriteNumber("ttl_seconds", (long)ttl.TotalSeconds);
        writer.WriteEndObject();
    }

    private static bool IsPlain(HttpContext context, GatewayOptions options) =>
        context.Request.Path == "/models"
        && (options.Models.List == ModelListing.Loaded || context.Request.Headers.Accept.ToString().Contains("application/vnd.fastapi+json", StringComparison.OrdinalIgnoreCase));

    private static Task WritePlainAsync(HttpContext context, CatalogSnapshot snapshot) => JsonReply.WriteAsync(context, 200, writer =>
    {
        writer.WriteStartArray();
        foreach (var entry in Entries(snapshot))
        {
            if (entry.Instances.Count == 0 || entry.Id != entry.Model.Key) continue;
            writer.WriteStartObject();
            writer.WriteString("key", entry.Model.Key);
            writer.WriteString("display_name", entry.Model.DisplayName ?? entry.Model.Key);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private sealed record Entry(string Id, ModelInfo Model, IReadOnlyList<ModelInstance> Instances);
}
