using LmStudio.Client.Wire;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

/// <summary>A simulated LM Studio and a client of it; quick unless a test says otherwise.</summary>
internal sealed class Rig : IAsyncDisposable
{
    public const string Granite = "granite-3.0-2b-instruct";
    public const string Qwen = "qwen/qwen3-4b-2507";
    public const string Vision = "qwen3-vl-4b-instruct";
    public const string Embedding = "text-embedding-nomic-embed-text-v1.5";

    /// <summary>Time enough for a load, a download or an answer to be caught in the middle.</summary>
    public static readonly TimeSpan Endless = TimeSpan.FromDays(1);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private Rig(SimulatorServer server, LmStudioClientOptions options) => (Server, Options, Client) = (server, options, new LmStudioClient(options));

    public static SimulatorOptions Quick { get; } = new() { LoadTime = TimeSpan.Zero, DownloadTime = TimeSpan.Zero, TokensPerSecond = 0 };

    public SimulatorServer Server { get; }

    public SimulatedLmStudio Studio => Server.State;

    public CounterSnapshot Counters => Studio.Counters.Snapshot();

    public LmStudioClientOptions Options { get; }

    public LmStudioClient Client { get; }

    public static async Task<Rig> StartAsync(SimulatorOptions? options = null, Func<LmStudioClientOptions, LmStudioClientOptions>? change = null)
    {
        var server = await SimulatorServer.StartAsync(options ?? Quick, cancellationToken: TestContext.Current.CancellationToken);
        var client = new LmStudioClientOptions
        {
            BaseAddress = server.Address,
            ConnectRetryDelay = TimeSpan.FromMilliseconds(1),
            ChannelIdleTimeout = Deadline,
            CancelTimeout = Deadline,
        };
        return new Rig(server, change?.Invoke(client) ?? client);
    }

    public async Task<InstanceInfo> LoadAsync(string modelKey, string? identifier = null) =>
        (await Client.Llm.LoadModelAsync(new LoadModelRequest { ModelKey = modelKey, Identifier = identifier })).Instance;

    public async Task<InstanceInfo> LoadEmbeddingAsync() =>
        (await Client.Embedding.LoadModelAsync(new LoadModelRequest { ModelKey = Embedding })).Instance;

    /// <summary>The answer to one user message, event by event.</summary>
    public IAsyncEnumerable<PredictionEvent> Predict(
        ModelSpecifier model, string text, PredictionConfiguration? configuration = null, CancellationToken cancellationToken = default) =>
        Client.Llm.PredictAsync(
            new PredictionRequest { Model = model, History = ChatHistory.FromUser(text), Configuration = configuration }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}

internal static class Answers
{
    /// <summary>The text of a whole prediction, its reasoning and tags included.</summary>
    public static string Text(this IEnumerable<PredictionEvent> events) =>
        string.Concat(events.OfType<PredictionEvent.Fragment>().Select(fragment => fragment.Content));

    public static PredictionStats Stats(this IReadOnlyList<PredictionEvent> events) => Assert.IsType<PredictionEvent.Finished>(events[^1]).Stats;
}

/// <summary>Does something at the first report of a kind, inside the report.</summary>
internal sealed class AtFirst<T>(Func<T, bool> kind, Action act) : IProgress<T>
{
    private bool done;

    public void Report(T value)
    {
        if (done || !kind(value)) return;
        done = true;
        act();
    }
}
