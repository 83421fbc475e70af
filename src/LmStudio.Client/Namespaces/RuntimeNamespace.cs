using LmStudio.Client.Sockets;
using LmStudio.Client.Wire;

namespace LmStudio.Client.Namespaces;

/// <summary>Engines and hardware: <c>/runtime</c>. Missing in older versions, which do not even answer the connection.</summary>
public sealed class RuntimeNamespace
{
    private readonly NamespaceSocket socket;

    internal RuntimeNamespace(NamespaceSocket socket) => this.socket = socket;

    /// <summary>The installed engines.</summary>
    public Task<IReadOnlyList<RuntimeEngine>> ListEnginesAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("listEngines"), result => Results.List(result, RuntimeEngine.TryRead), cancellationToken);

    /// <summary>The engine chosen for each model format.</summary>
    public Task<IReadOnlyList<EngineSelection>> GetEngineSelectionsAsync(CancellationToken cancellationToken = default)
    {
        // The one endpoint that speaks superjson, which has its own way to say that there is no parameter.
        var request = SocketRequest.WithMembers("getEngineSelections", writer =>
        {
            writer.WriteNull("json");
            writer.WriteStartObject("meta");
            writer.WriteStartArray("values");
            writer.WriteStringValue("undefined");
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        return socket.CallAsync(request, result => Results.List(result?.Member("json"), EngineSelection.TryRead), cancellationToken);
    }

    /// <summary>Memory and GPUs, one entry for each engine that looked.</summary>
    public Task<IReadOnlyList<HardwareSurvey>> SurveyHardwareAsync(CancellationToken cancellationToken = default) =>
        socket.CallAsync(new("surveyHardware"), result => Results.List(result?.Member("engines"), HardwareSurvey.TryRead), cancellationToken);
}
