using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>Finds the instance that a model specifier means, within one domain.</summary>
internal sealed class Specifiers(SimulatedLmStudio studio, ModelDomain domain)
{
    /// <summary>The instance, or null when it is gone or nothing fits.</summary>
    public LoadedInstance? Find(JsonElement specifier) => Reference(specifier) is { } reference
        ? studio.Instances.Of(domain).FirstOrDefault(instance => instance.InstanceReference == reference)
        : FindByQuery(specifier.GetProperty("query"));

    /// <summary>The instance; the refusal says whether it went away or was never there.</summary>
    public LoadedInstance Require(JsonElement specifier)
    {
        if (Reference(specifier) is { } reference) return studio.Instances.ByReference(reference, domain);
        var query = specifier.GetProperty("query");
        if (FindByQuery(query) is { } instance) return instance;
        var asked = JsonObject.Create(query)!;
        asked["domain"] = ModelJson.Domain(domain);
        throw EngineErrors.NoModelMatching(asked, studio.Instances.Identifiers(domain));
    }

    private static string? Reference(JsonElement specifier) =>
        specifier.GetProperty("type").GetString() == "instanceReference" ? specifier.GetProperty("instanceReference").GetString() : null;

    private LoadedInstance? FindByQuery(JsonElement query)
    {
        var call = new EndpointCall(query);
        if (call.Text("deviceIdentifier") is not null || (call.Text("domain") is { } other && other != ModelJson.Domain(domain))) return null;
        return studio.Instances.Find(new InstanceQuery
        {
            Domain = domain,
            Identifier = call.Text("identifier"),
            Path = call.Text("path"),
            Vision = call.Value("vision")?.GetBoolean(),
        });
    }
}
