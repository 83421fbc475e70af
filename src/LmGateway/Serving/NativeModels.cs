using System.Text.Json;
using LmGateway.Catalog;
using LmGateway.Events;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>The catalog in the forms of LM Studio's own lists, for callers of its APIs where no LM Studio is behind the gateway.</summary>
internal static class NativeModels
{
    /// <summary>The whole of <c>GET /api/v0/models</c>.</summary>
    public static void WriteV0List(Utf8JsonWriter json, CatalogSnapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var model in snapshot.Models) WriteV0(json, model, snapshot);
        json.WriteEndArray();
        json.WriteString("object", "list");
        json.WriteEndObject();
    }

    /// <summary>One of them, as <c>GET /api/v0/models/KEY</c> has it too.</summary>
    public static void WriteV0(Utf8JsonWriter json, ModelInfo model, CatalogSnapshot snapshot)
    {
        var loaded = InstancesOf(model, snapshot).FirstOrDefault();
        json.WriteStartObject();
        json.WriteString("id", model.Key);
        json.WriteString("object", "model");
        json.WriteString("type", model.Type == ModelType.Embedding ? "embeddings" : model.Vision ? "vlm" : "llm");
        json.WriteString("publisher", model.Publisher ?? model.Backend);
        json.WriteKnown("arch", model.Architecture);
        json.WriteKnown("compatibility_type", model.Format);
        json.WriteKnown("quantization", model.Quantization);
        json.WriteString("state", loaded is null ? "not-loaded" : "loaded");
        json.WriteKnown("max_context_length", model.MaxContextLength);
        json.WriteKnown("loaded_context_length", loaded?.ContextLength);
        json.WriteTexts("capabilities", model.ToolUse ? ["tool_use"] : []);
        json.WriteEndObject();
    }

    /// <summary>The whole of <c>GET /api/v1/models</c>. What the backend does not say is null where LM Studio always has the member.</summary>
    public static void WriteV1List(Utf8JsonWriter json, CatalogSnapshot snapshot)
    {
        json.WriteStartObject();
        json.WriteStartArray("models");
        foreach (var model in snapshot.Models) WriteV1(json, model, snapshot);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteV1(Utf8JsonWriter json, ModelInfo model, CatalogSnapshot snapshot)
    {
        var isEmbedding = model.Type == ModelType.Embedding;
        json.WriteStartObject();
        json.WriteString("type", isEmbedding ? "embedding" : "llm");
        json.WriteString("publisher", model.Publisher ?? model.Backend);
        json.WriteString("key", model.Key);
        json.WriteString("display_name", model.DisplayName ?? model.Key);
        if (!isEmbedding) json.WriteString("architecture", model.Architecture);
        json.WriteStartObject("quantization");
        json.WriteString("name", model.Quantization);
        json.WriteNull("bits_per_weight");
        json.WriteEndObject();
        json.WriteNumber("size_bytes", model.SizeBytes ?? 0);
        json.WriteString("params_string", model.Parameters);
        json.WriteStartArray("loaded_instances");
        foreach (var instance in InstancesOf(model, snapshot)) WriteInstance(json, instance);
        json.WriteEndArray();
        json.WriteNumber("max_context_length", model.MaxContextLength ?? 0);
        json.WriteString("format", model.Format);
        if (!isEmbedding) WriteCapabilities(json, model);
        if (model.Variants.Count > 0)
        {
            json.WriteList("variants", model.Variants);
            json.WriteKnown("selected_variant", model.SelectedVariant);
        }

        json.WriteEndObject();
    }

    private static void WriteCapabilities(Utf8JsonWriter json, ModelInfo model)
    {
        json.WriteStartObject("capabilities");
        json.WriteBoolean("vision", model.Vision);
        json.WriteBoolean("trained_for_tool_use", model.ToolUse);
        json.WriteEndObject();
        json.WriteNull("description");
    }

    private static void WriteInstance(Utf8JsonWriter json, ModelInstance instance)
    {
        json.WriteStartObject();
        json.WriteString("id", instance.Identifier);
        json.WriteStartObject("config");
        json.WriteKnown("context_length", instance.ContextLength);
        json.WriteKnown("parallel", instance.Parallel);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static IEnumerable<ModelInstance> InstancesOf(ModelInfo model, CatalogSnapshot snapshot) =>
        snapshot.InstancesOf(model.Key).ToArray().Where(instance => instance.Id.Backend == model.Backend);
}
