using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets;

/// <summary>Models, instances and configurations as the protocol describes them. Nothing that the vendor's client requires is left out.</summary>
internal static class ModelJson
{
    public static string Domain(ModelDomain domain) => domain == ModelDomain.Llm ? "llm" : "embedding";

    public static string Status(ProcessingStatus status) => status switch
    {
        ProcessingStatus.ProcessingPrompt => "processingPrompt",
        ProcessingStatus.Generating => "generating",
        ProcessingStatus.ComputingEmbedding => "computingEmbedding",
        _ => "idle",
    };

    /// <summary>A downloaded model; <paramref name="key"/> stands in for its key when a variant is meant.</summary>
    public static JsonObject Info(SimulatedModel model, string? key = null) => WithAbilities(Head(model, key), model);

    /// <summary>A loaded model.</summary>
    public static JsonObject Instance(LoadedInstance instance)
    {
        var json = Head(instance.Model, null);
        json["identifier"] = instance.Identifier;
        json["instanceReference"] = instance.InstanceReference;
        json["ttlMs"] = instance.Ttl is { } ttl ? (long)ttl.TotalMilliseconds : null;
        json["lastUsedTime"] = instance.LastUsedUnixMs;
        WithAbilities(json, instance.Model);
        json["contextLength"] = instance.ContextLength;
        return json;
    }

    public static JsonObject Config(KvConfig config) => new()
    {
        ["fields"] = Json.List(config.Fields.Select(field => new JsonObject { ["key"] = field.Key, ["value"] = Json.Node(field.Value) })),
    };

    private static JsonObject Head(SimulatedModel model, string? key)
    {
        var json = new JsonObject
        {
            ["type"] = Domain(model.Domain),
            ["modelKey"] = key ?? model.Key,
            ["format"] = model.Format,
            ["displayName"] = model.DisplayName,
            ["publisher"] = model.Publisher,
            ["path"] = model.Path,
            ["sizeBytes"] = model.SizeBytes,
            ["indexedModelIdentifier"] = model.IndexedModelIdentifier,
            ["deviceIdentifier"] = null,
        };
        json.With("paramsString", model.ParamsString).With("architecture", model.Architecture);
        if (model.Quantization is { } quantization) json["quantization"] = new JsonObject { ["name"] = quantization.Name, ["bits"] = quantization.Bits };
        if (model.Variants.Count > 0) json["variants"] = Json.Texts(model.Variants);
        return json.With("selectedVariant", model.SelectedVariant);
    }

    private static JsonObject WithAbilities(JsonObject json, SimulatedModel model)
    {
        if (model.Domain == ModelDomain.Llm)
        {
            json["vision"] = model.Vision;
            json["trainedForToolUse"] = model.TrainedForToolUse;
        }

        json["maxContextLength"] = model.MaxContextLength;
        return json;
    }
}
