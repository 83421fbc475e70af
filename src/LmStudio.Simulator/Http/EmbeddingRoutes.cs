using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /v1/embeddings</c> and <c>/api/v0/embeddings</c>: floats only, whatever encoding is asked for; usage is always 0.</summary>
internal static class EmbeddingRoutes
{
    public static void Map(RouteTable routes)
    {
        routes.Add("POST", "/v1/embeddings", AnswerAsync);
        routes.Add("POST", "/api/v0/embeddings", AnswerAsync);
    }

    private static async Task AnswerAsync(HttpExchange exchange)
    {
        var body = exchange.Json();
        var texts = Input(body);
        var instance = await ModelChoice.ForAsync(exchange, body, ModelDomain.Embedding);
        var vectors = await exchange.Studio.Embedder.EmbedAsync(instance, texts, exchange.Gone);
        await exchange.ReplyAsync(200, writer => Write(writer, instance.Identifier, vectors));
    }

    private static IReadOnlyList<string> Input(JsonElement body)
    {
        if (body.Field("input") is null) throw HttpError.Plain("'input' field is required");
        return body.OnlyTexts("input") is { Count: > 0 } texts ? texts : throw HttpError.Plain("'input' field must be a string or an array of strings");
    }

    private static void Write(Utf8JsonWriter writer, string model, IReadOnlyList<float[]> vectors)
    {
        writer.WriteStartObject();
        writer.WriteString("object", "list");
        writer.WriteStartArray("data");
        for (var index = 0; index < vectors.Count; index++)
        {
            writer.WriteStartObject();
            writer.WriteString("object", "embedding");
            writer.WriteStartArray("embedding");
            foreach (var value in vectors[index]) writer.WriteNumberValue(value);
            writer.WriteEndArray();
            writer.WriteNumber("index", index);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("model", model);
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", 0);
        writer.WriteNumber("total_tokens", 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
