using System.Reflection;
using System.Text.Json;
using LmGateway.Catalog;
using LmGateway.Events;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp;

/// <summary>A model and its loaded copies.</summary>
internal readonly record struct ModelEntry(ModelInfo Model, IReadOnlyList<ModelInstance> Instances);

/// <summary>What tools and resources show of the models and of the service. Looking never loads and never generates.</summary>
internal sealed class McpPictures(ModelCatalog catalog, ActiveModelState active, QueueState queues, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static string Version { get; } =
        typeof(McpPictures).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The backends as the caller may see them, as they are now, or as they last were where one of them does not say in time.</summary>
    public async Task<CatalogSnapshot> LookAsync(KeyGrant? grant, CancellationToken cancellationToken)
    {
        try
        {
            return (await catalog.RefreshAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken)).SeenBy(grant);
        }
        catch (TimeoutException)
        {
            return catalog.Current.SeenBy(grant);
        }
    }

    public IEnumerable<ModelEntry> Models(CatalogSnapshot snapshot) =>
        from view in snapshot.Backends
        from model in view.Models
        select new ModelEntry(model, [.. view.Instances.Where(instance => instance.ModelKey == model.Key)]);

    public string WhyNone(CatalogSnapshot snapshot, bool loadedOnly) =>
        snapshot.Backends.All(view => !view.Reachable) ? $"No backend answers. {snapshot.Backends[0].Problem} Run init_llm to start one."
        : loadedOnly ? "No model is loaded. load_model loads one; chat loads the model that it names."
        : "No model is there. pull_model downloads one.";

    public void WriteModels(Utf8JsonWriter writer, IEnumerable<ModelEntry> entries, KeyGrant? grant)
    {
        writer.WriteStartArray("models");
        foreach (var entry in entries) WriteModel(writer, entry);
        writer.WriteEndArray();
        writer.WriteGiven("active_model", ActiveModel(grant));
    }

    public void WriteStatus(Utf8JsonWriter writer, CatalogSnapshot snapshot, KeyGrant? grant)
    {
        writer.WriteString("status", snapshot.Backends.All(view => view.Reachable && view.Problem is null) ? "ok" : "degraded");
        writer.WriteString("version", Version);
        writer.WriteGiven("active_model", ActiveModel(grant));
        writer.WriteStartArray("backends");
        foreach (var view in snapshot.Backends) WriteBackend(writer, view);
        writer.WriteEndArray();
        writer.WriteStartArray("loading");
        foreach (var load in queues.Loads.Where(load => grant?.Allows(load.Model) ?? true))
        {
            writer.WriteStartObject();
            writer.WriteString("backend", load.Backend);
            writer.WriteString("model", load.Model);
            writer.WriteNumber("percent", Math.Round(load.Progress * 100));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("waiting");
        foreach (var (model, requests) in queues.Waiting.Where(waiting => grant?.Allows(waiting.Model) ?? true))
        {
            writer.WriteStartObject();
            writer.WriteString("model", model);
            writer.WriteNumber("requests", requests);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private string? ActiveModel(KeyGrant? grant) => active.Current is { } chosen && (grant?.Allows(chosen.ModelKey) ?? true) ? chosen.Name : null;

    private static void WriteModel(Utf8JsonWriter writer, ModelEntry entry)
    {
        var model = entry.Model;
        writer.WriteStartObject();
        writer.WriteString("key", model.Key);
        writer.WriteString("backend", model.Backend);
        writer.WriteString("type", model.Type.ToString().ToLowerInvariant());
        writer.WriteString("state", entry.Instances.Count > 0 ? "loaded" : "not-loaded");
        writer.WriteGiven("display_name", model.DisplayName);
        writer.WriteGiven("publisher", model.Publisher);
        writer.WriteGiven("quantization", model.Quantization);
        writer.WriteGiven("parameters", model.Parameters);
        writer.WriteGiven("size_bytes", model.SizeBytes);
        writer.WriteGiven("max_context_length", model.MaxContextLength);
        writer.WriteBoolean("vision", model.Vision);
        writer.WriteBoolean("tool_use", model.ToolUse);
        writer.WriteStartArray("instances");
        foreach (var instance in entry.Instances)
        {
            writer.WriteStartObject();
            writer.WriteString("instance_id", instance.Identifier);
            writer.WriteGiven("context_length", instance.ContextLength);
            writer.WriteGiven("parallel", instance.Parallel);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteBackend(Utf8JsonWriter writer, BackendView view)
    {
        writer.WriteStartObject();
        writer.WriteString("name", view.Name);
        writer.WriteString("kind", view.Traits.Kind);
        writer.WriteBoolean("reachable", view.Reachable);
        writer.WriteNumber("models", view.Models.Count);
        writer.WriteList("loaded", view.Instances.Select(instance => instance.Identifier));
        writer.WriteGiven("version", view.Version);
        writer.WriteGiven("problem", view.Problem);
        writer.WriteEndObject();
    }
}
