using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>What only <c>/embedding</c> does. There is no call for several texts: clients send one call a text.</summary>
internal sealed class EmbeddingEndpoints(SimulatedLmStudio studio)
{
    private readonly Specifiers _specifiers = new(studio, ModelDomain.Embedding);

    public IEnumerable<Endpoint> All() =>
    [
        new RpcEndpoint("embedString", new Shape.Keys(("modelSpecifier", Shapes.Specifier), ("inputString", Shapes.Text)), EmbedAsync),
    ];

    private async Task<JsonNode?> EmbedAsync(EndpointCall call, CancellationToken cancellationToken)
    {
        var instance = _specifiers.Require(call.Value("modelSpecifier")!.Value);
        var vectors = await studio.Embedder.EmbedAsync(instance, [call.Text("inputString")!], cancellationToken);
        return new JsonObject { ["embedding"] = Json.List(vectors[0].Select(value => (JsonNode)value)) };
    }
}
