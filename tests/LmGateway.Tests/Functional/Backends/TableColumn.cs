using System.Collections.Frozen;
using LmGateway.Configuration;
using LmGateway.Tests.Backends.Mock;
using LmGateway.Tests.Backends.OpenAiCompatible;
using LmGateway.Tests.Functional.Nats;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Ollama.StandIn;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>One column of the table: a backend, the gateway in front of it, and the models that it has.</summary>
internal sealed class TableColumn : IAsyncDisposable
{
    private const string Nowhere = "http://127.0.0.1:9";

    private readonly IAsyncDisposable? behind;
    private readonly IDisposable? files;

    private TableColumn(GatewayUnderTest gateway, IAsyncDisposable? server, IDisposable? folder = null) => (Gateway, behind, files) = (gateway, server, folder);

    public GatewayUnderTest Gateway { get; }

    /// <summary>The models by what they are for: <c>chat</c>, <c>vision</c>, <c>thinker</c>, <c>embedder</c>.</summary>
    public required FrozenDictionary<string, string> Models { get; init; }

    /// <summary>Asks what a whole chat asks; a replay can only give what was recorded.</summary>
    public Recording? Recorded { get; private init; }

    public static Task<TableColumn> StartAsync(string name, string recording, string? nats = null) => name switch
    {
        "LM Studio" => LmStudioAsync(nats),
        "Ollama" => OllamaAsync(nats),
        "llama-server" => LlamaServerAsync(recording, nats),
        "OpenAI-compatible" => OpenAiAsync(nats),
        "mock" => MockAsync(nats),
        _ => throw new ArgumentException($"There is no backend {name}."),
    };

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        if (behind is not null) await behind.DisposeAsync();
        files?.Dispose();
    }

    private static async Task<TableColumn> LmStudioAsync(string? nats) =>
        new(await GatewayUnderTest.StartAsync(configure: options => On(nats, options)), null) { Models = Named(GatewayUnderTest.Chat, GatewayUnderTest.Vision, "qwen/qwen3-4b-2507", GatewayUnderTest.Embedder) };

    private static async Task<TableColumn> OllamaAsync(string? nats)
    {
        var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b", "llava:7b", "deepseek-r1:8b", "nomic-embed-text"] });
        var gateway = await Before($"ollama@{server.Address}", nats);
        return new TableColumn(gateway, server) { Models = Named("llama3.2:3b", "llava:7b", "deepseek-r1:8b", "nomic-embed-text") };
    }

    private static async Task<TableColumn> LlamaServerAsync(string recording, string? nats)
    {
        var server = ReplayedLlamaServer.WithOneModel(recording);
        var gateway = await Before($"llama-server@{server.Address}", nats);
        return new TableColumn(gateway, server) { Models = Named("alpha", "alpha", "alpha", "alpha"), Recorded = Recording.Load(recording) };
    }

    private static async Task<TableColumn> OpenAiAsync(string? nats)
    {
        var server = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 });
        var gateway = await Before($"openai@{server.Address.ToString().TrimEnd('/')}", nats);
        return new TableColumn(gateway, server) { Models = Named(GatewayUnderTest.Chat, GatewayUnderTest.Vision, "qwen/qwen3-4b-2507", GatewayUnderTest.Embedder) };
    }

    private static async Task<TableColumn> MockAsync(string? nats)
    {
        var folder = new MockFolder();
        folder.Write("default.yaml", "responses: [{ text: '1, 2, 3' }]");
        folder.Write("caller.yaml", "responses: [{ tool_calls: [{ id: call_1, type: function, function: { name: get_weather, arguments: '{\"city\":\"Tokyo\"}' } }] }]");
        var gateway = await GatewayUnderTest.StartAgainstAsync(Nowhere, options => On(nats, options) with { Backends = ["mock"], Inference = options.Inference with { MockResponsesDir = folder.Path } });
        return new TableColumn(gateway, null, folder) { Models = Named("any", "any", "any", "any", caller: "caller") };
    }

    private static Task<GatewayUnderTest> Before(string backend, string? nats) => GatewayUnderTest.StartAgainstAsync(Nowhere, options => On(nats, options) with { Backends = [backend] });

    private static GatewayOptions On(string? nats, GatewayOptions options) => nats is null ? options : NatsUnderTest.On(nats, options);

    private static FrozenDictionary<string, string> Named(string chat, string vision, string thinker, string embedder, string? caller = null) =>
        new Dictionary<string, string> { ["chat"] = chat, ["vision"] = vision, ["thinker"] = thinker, ["embedder"] = embedder, ["caller"] = caller ?? chat }.ToFrozenDictionary();
}
