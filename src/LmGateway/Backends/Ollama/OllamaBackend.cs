using System.Collections.Frozen;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>
/// Ollama: its store and what is loaded by its own API, requests in OpenAI's and Anthropic's dialects by its layer for them, and
/// generations in no dialect by its own chat, which tells of faults that the layer swallows.
/// </summary>
internal sealed class OllamaBackend : IBackend
{
    public const string Kind = "ollama";

    private static readonly BackendTraits OllamaTraits = new()
    {
        Kind = Kind,
        Dialects = FrozenSet.ToFrozenSet([Dialect.OpenAiChat, Dialect.OpenAiCompletions, Dialect.OpenAiEmbeddings, Dialect.OpenAiResponses, Dialect.AnthropicMessages, Dialect.OpenAiOther]),
        Defects = DialectDefects.RefusesRemoteImages | DialectDefects.IgnoresMaxCompletionTokens,
        CanLoad = true,
        CanPull = true,
        CanDelete = true,
        LoadsOnRequest = true,
        NamesTheInstance = true,
        Extensions = FrozenSet<string>.Empty,
    };

    private readonly HttpUpstream upstream;
    private readonly OllamaApi api;
    private readonly OllamaReports reports;
    private readonly OllamaLoads loads;
    private readonly OllamaProgram program;

    /// <param name="options">As this backend sees them: <c>ollama.base_url</c> is its address.</param>
    /// <param name="time">The clock of its deadlines.</param>
    /// <param name="name">Its name among the backends.</param>
    public OllamaBackend(GatewayOptions options, TimeProvider time, string name = Kind)
    {
        Name = name;
        var settings = UpstreamSettings.Of(options, name, "Ollama") with { Address = new Uri(options.Ollama.BaseUrl), Token = options.Ollama.ApiKey };
        upstream = new HttpUpstream(settings, time);
        program = new OllamaProgram(settings.Address, options);
        api = new OllamaApi(name, upstream, TimeSpan.FromMilliseconds(options.Timeouts.ControlMs));
        reports = new OllamaReports(options.Node, api, program);
        loads = new OllamaLoads(options.Node, api, time);
    }

    public string Name { get; }

    public BackendTraits Traits => OllamaTraits;

    public IServerProgram Program => program;

    public Task<BackendReport> ReportAsync(CancellationToken cancellationToken) => reports.LookAsync(cancellationToken);

    public async Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var result = await loads.LoadAsync(order, cancellationToken);
        progress?.Report(1);
        return result;
    }

    public Task UnloadAsync(string identifier, CancellationToken cancellationToken) => loads.UnloadAsync(identifier, cancellationToken);

    public Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken) => upstream.AskAsync(exchange, cancellationToken);

    public IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken) =>
        OllamaGeneration.RunAsync(api, OllamaChatBody.Write(identifier, request), limits, cancellationToken);

    public Task<PullResult> PullAsync(PullOrder order, IProgress<PullProgress> progress, CancellationToken cancellationToken) =>
        new OllamaPull(api, progress).RunAsync(order.Identifier, cancellationToken);

    /// <summary>Ollama ends a download itself when nobody waits for it any more; what it has is kept for the next time.</summary>
    public Task EndPullAsync(PullOrder order, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DeleteAsync(string modelKey, CancellationToken cancellationToken) => api.DeleteAsync(modelKey, cancellationToken);

    public ValueTask DisposeAsync()
    {
        upstream.Dispose();
        return ValueTask.CompletedTask;
    }
}
