using System.Text.Json;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Nats;

/// <summary>
/// What LM Studio's own <c>/api/v0/models</c> says, unchanged; in front of another backend, what the catalog says in the same form. The payload
/// is not looked at.
/// </summary>
internal sealed class ModelList(Passthrough passthrough, ModelFinder finder, ModelCatalog catalog, LiveSettings settings)
{
    public async Task<NatsAnswer> ListAsync(NatsCall call, CancellationToken cancellationToken)
    {
        if (!catalog.Current.Backends.Any(view => view.Traits.Dialects.Contains(Dialect.LmStudioV0)))
            return Describe(await finder.SeenAsync(call.Context.Grant, cancellationToken));
        var exchange = new Exchange { Dialect = Dialect.LmStudioV0, Method = "GET", PathAndQuery = "/api/v0/models", Verbatim = true, Timeout = settings.Current.RequestTimeout };
        await using var reply = await passthrough.SendAsync(exchange, model: null, call.Context.Grant, cancellationToken);
        var whole = await BackendReply.ReadAsync(reply.Status, reply.Blocks(cancellationToken), settings.Current.Limits.ReplyBytes);
        if (call.Context.Grant is { IsForSome: true } grant) whole = whole with { Body = ListedModels.Allowed(whole.Body, catalog.Current, grant) };
        return whole.ToAnswer("models");
    }

    /// <summary>What is loaded, on every backend.</summary>
    public async Task<NatsAnswer> LoadedAsync(NatsCall call, CancellationToken cancellationToken)
    {
        var snapshot = (await finder.ReachAsync(cancellationToken)).SeenBy(call.Context.Grant);
        return NatsAnswer.Ok(writer =>
        {
            writer.WriteStartArray("loaded");
            foreach (var instance in snapshot.Instances) WriteInstance(writer, instance);
            writer.WriteEndArray();
        });
    }

    internal static void WriteInstance(Utf8JsonWriter writer, ModelInstance instance)
    {
        writer.WriteStartObject();
        writer.WriteString("model", instance.ModelKey);
        writer.WriteString("identifier", instance.Identifier);
        writer.WriteString("backend", instance.Id.Backend);
        writer.WriteString("type", TypeOf(instance.Type));
        if (instance.ContextLength is { } context) writer.WriteNumber("context_length", context);
        if (instance.Parallel is { } parallel) writer.WriteNumber("parallel", parallel);
        if (instance.Ttl is { } ttl) writer.WriteNumber("ttl_seconds", (long)ttl.TotalSeconds);
        writer.WriteEndObject();
    }

    private static NatsAnswer Describe(CatalogSnapshot snapshot) => NatsAnswer.Ok(writer =>
    {
        writer.WriteNumber("http_status", 200);
        writer.WritePropertyName("models");
        NativeModels.WriteV0List(writer, snapshot);
    });

    private static string TypeOf(ModelType type) => type == ModelType.Embedding ? "embeddings" : "llm";
}
