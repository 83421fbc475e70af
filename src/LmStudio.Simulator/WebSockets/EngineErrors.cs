using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets;

/// <summary>The engine's refusals in the words of the protocol.</summary>
internal static class EngineErrors
{
    public static ProtocolError ToProtocol(EngineError error) => error.Kind switch
    {
        EngineErrorKind.PathNotFound => Coded(error, "generic.pathNotFound",
            ("path", error.Subject), ("availablePathsSample", Json.Texts(error.Sample)), ("totalModels", error.Sample.Count)),
        EngineErrorKind.DomainMismatch => Coded(error, "generic.domainMismatch",
            ("path", error.Subject),
            ("actualDomain", ModelJson.Domain(error.ActualDomain!.Value)),
            ("expectedDomain", ModelJson.Domain(error.ExpectedDomain!.Value))),
        EngineErrorKind.IdentifierNotFound => Coded(error, "generic.identifierNotFound",
            ("identifier", error.Subject), ("loadedModelsSample", Json.Texts(error.Sample)), ("totalLoadedModels", error.Sample.Count)),
        EngineErrorKind.SpecificModelUnloaded => Coded(error, "generic.specificModelUnloaded"),
        EngineErrorKind.InsufficientMemory or EngineErrorKind.LoadFailed => new ProtocolError("Error loading model.", Cause: error.Message),
        _ => new ProtocolError(error.Message),
    };

    /// <summary>Nothing loaded fits; the query comes back with the domain added.</summary>
    public static ProtocolException NoModelMatching(JsonObject query, IReadOnlyList<string> loaded) =>
        new(Coded("No model found that fits the query.", "generic.noModelMatchingQuery",
            ("query", query), ("loadedModelsSample", Json.Texts(loaded)), ("totalLoadedModels", loaded.Count)));

    private static ProtocolError Coded(EngineError error, string code, params (string, JsonNode?)[] details) => Coded(error.Message, code, details);

    private static ProtocolError Coded(string title, string code, params (string Name, JsonNode? Value)[] details)
    {
        var data = new JsonObject { ["code"] = code };
        foreach (var (name, value) in details) data[name] = value;
        return new ProtocolError(title, data);
    }
}
