using LmGateway.Backends.Ollama;
using Ollama.StandIn;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>A stand-in for Ollama and the backend in front of it.</summary>
internal sealed class OllamaRig : IAsyncDisposable
{
    private OllamaRig(OllamaServer server) => (Server, Backend) = (server, OllamaBackendContract.At(server.Address));

    public OllamaServer Server { get; }

    public OllamaState State => Server.State;

    public OllamaBackend Backend { get; }

    public static Task<OllamaRig> StartAsync(params string[] models) => StartAsync(new StandInOptions { Models = models });

    public static async Task<OllamaRig> StartAsync(StandInOptions options) => new(await OllamaServer.StartAsync(options));

    public async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        await Server.DisposeAsync();
    }
}
