using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The model lists of the OpenAI API (without <c>created</c>) and of the native API v0.</summary>
internal static class ModelListRoutes
{
    public static void Map(RouteTable routes)
    {
        routes.Add("GET", "/v1/models", exchange => exchange.ReplyAsync(ListOf(Visible(exchange.Studio).Select(OpenAi))));
        routes.Add("GET", "/v1/models/*", OneAsync);
        routes.Add("GET", "/api/v0/models", exchange => exchange.ReplyAsync(ListOf(exchange.Studio.Models.List().Select(model => V0(exchange.Studio, model)))));
        routes.Add("GET", "/api/v0/models/*", OneV0Async);
    }

    /// <summary>What <c>/v1/models</c> shows: everything loaded, and with just-in-time loading everything downloaded.</summary>
    private static IEnumerable<string> Visible(SimulatedLmStudio studio)
    {
        var loaded = studio.Instances.Identifiers();
        return studio.Settings.JustInTimeLoading ? studio.Models.List().Select(model => model.Key).Union(loaded, StringComparer.Ordinal) : loaded;
    }

    private static Task OneAsync(HttpExchange exchange)
    {
        var id = exchange.Rest("/v1/models/");
        return Visible(exchange.Studio).Contains(id, StringComparer.Ordinal)
            ? exchange.ReplyAsync(OpenAi(id))
            : throw HttpError.OpenAi($"Model '{id}' not found", "model", "model_not_found", 404);
    }

    private static Task OneV0Async(HttpExchange exchange)
    {
        var id = exchange.Rest("/api/v0/models/");
        var model = exchange.Studio.Models.List().FirstOrDefault(model => model.Key == id) ?? exchange.Studio.Instances.ByIdentifier(id)?.Model;
        return model is not null ? exchange.ReplyAsync(V0(exchange.Studio, model)) : throw HttpError.Plain($"Model with key '{id}' not found.", 404);
    }

    private static JsonObject OpenAi(string id) => new() { ["id"] = id, ["object"] = "model", ["owned_by"] = "organization_owner" };

    private static JsonObject V0(SimulatedLmStudio studio, SimulatedModel model)
    {
        var instance = studio.Instances.All.FirstOrDefault(instance => instance.Model.Key == model.Key);
        var entry = new JsonObject
        {
            ["id"] = model.Key,
            ["object"] = "model",
            ["type"] = model.Domain == ModelDomain.Embedding ? "embeddings" : model.Vision ? "vlm" : "llm",
            ["publisher"] = model.Publisher,
            ["arch"] = model.Architecture,
            ["compatibility_type"] = model.Format,
            ["quantization"] = model.Quantization?.Name,
            ["state"] = instance is null ? "not-loaded" : "loaded",
            ["max_context_length"] = model.MaxContextLength,
        };
        if (instance is not null) entry["loaded_context_length"] = instance.ContextLength;
        if (model.TrainedForToolUse) entry["capabilities"] = new JsonArray("tool_use");
        return entry;
    }

    private static JsonObject ListOf(IEnumerable<JsonObject> entries) => new() { ["data"] = new JsonArray([.. entries]), ["object"] = "list" };
}
