using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>A simulated LM Studio on a free port with the two models of the recordings, as fast as it can be.</summary>
internal sealed class RunningSimulator : IAsyncDisposable
{
    public const string Llm = "qwen/qwen3-4b";
    public const string Embedding = "text-embedding-nomic-embed-text-v1.5";

    private readonly SimulatorServer _server;

    private RunningSimulator(SimulatorServer server) => _server = server;

    public static SimulatorOptions Fast { get; } = new() { Stocked = false, LoadTime = TimeSpan.Zero, DownloadTime = TimeSpan.Zero, TokensPerSecond = 0 };

    public SimulatedLmStudio Studio => _server.State;

    public int Port => _server.Address.Port;

    public static async Task<RunningSimulator> StartAsync(SimulatorOptions? options = null)
    {
        var simulator = new RunningSimulator(await SimulatorServer.StartAsync(options ?? Fast));
        Stock(simulator.Studio, Llm);
        Stock(simulator.Studio, "nomic-ai/nomic-embed-text-v1.5-GGUF");
        return simulator;
    }

    private static void Stock(SimulatedLmStudio studio, string id)
    {
        var (model, option) = Downloads.Find(id);
        studio.Models.Add(model, option);
    }

    /// <summary>Opens a connection and authenticates as a guest of its own.</summary>
    public async Task<FrameClient> ConnectAsync(string path)
    {
        var client = await OpenAsync(path);
        await client.AuthenticateAsync($"guest:{Guid.NewGuid()}", "passkey");
        return client;
    }

    public Task<FrameClient> OpenAsync(string path) => FrameClient.OpenAsync(new Uri($"ws://127.0.0.1:{Port}{path}"));

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
