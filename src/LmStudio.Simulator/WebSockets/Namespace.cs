using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Endpoints;

namespace LmStudio.Simulator.WebSockets;

/// <summary>One namespace as a connection sees it: its path, what it answers to, and the faults that may strike there.</summary>
internal sealed record Namespace(string Path, IReadOnlyDictionary<string, Endpoint> Endpoints, Faults Faults)
{
    /// <summary>The eight namespaces by path. <c>/plugins</c> can be connected to and answers nothing.</summary>
    public static IReadOnlyDictionary<string, Namespace> All(SimulatedLmStudio studio, Action shutDown)
    {
        Namespace Of(string path, IEnumerable<Endpoint> endpoints) =>
            new(path, endpoints.ToDictionary(endpoint => endpoint.Name, StringComparer.Ordinal), studio.Faults);

        Namespace[] all =
        [
            Of("/llm", [.. new ModelEndpoints(studio, ModelDomain.Llm).All(), .. new LlmEndpoints(studio).All()]),
            Of("/embedding", [.. new ModelEndpoints(studio, ModelDomain.Embedding).All(), .. new EmbeddingEndpoints(studio).All()]),
            Of("/system", new SystemEndpoints(studio, shutDown).All()),
            Of("/diagnostics", new DiagnosticsEndpoints(studio).All()),
            Of("/files", new FilesEndpoints(studio).All()),
            Of("/repository", new RepositoryEndpoints(studio).All()),
            Of("/plugins", []),
            Of("/runtime", RuntimeEndpoints.All()),
        ];
        return all.ToDictionary(each => each.Path, StringComparer.Ordinal);
    }

    /// <summary>The fault that strikes a call of this endpoint, or null; its scope is <c>/namespace/endpoint</c> or a beginning of it.</summary>
    public Fault? FaultOf(string endpoint) => Faults.Take($"{Path}/{endpoint}",
        FaultKind.Stall, FaultKind.ResetBeforeHeaders, FaultKind.ResetAfterTokens, FaultKind.MalformedEvent, FaultKind.ErrorEvent);
}
