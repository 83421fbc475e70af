using System.Collections.Frozen;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>
/// Any server with OpenAI's API, on this machine or in the cloud, with a key or without. It is asked and never controlled, but for
/// llama.cpp's server, which is recognised by its own word.
/// </summary>
internal sealed class OpenAiBackend : IBackend
{
    private const string Cloud = "api.openai.com";

    private readonly HttpUpstream upstream;
    private readonly OpenAiListing listing;
    private readonly LlamaServer llama;
    private readonly string address;
    private volatile bool isLlamaServer;

    /// <param name="options">As this backend sees them: <c>lmstudio.base_url</c> is its address.</param>
    /// <param name="time">The clock of its deadlines.</param>
    /// <param name="name">Its name among the backends.</param>
    public OpenAiBackend(GatewayOptions options, TimeProvider time, string name = InferenceOptions.OpenAi)
    {
        Name = name;
        var inference = options.Inference;
        var settings = UpstreamSettings.Of(options, Name, "The OpenAI server") with
        {
            Token = inference.OpenAiApiKey,
            Headers = inference.OpenAiOrganization is { } organization ? [new Header("OpenAI-Organization", organization)] : [],
        };
        upstream = new HttpUpstream(settings, time);
        listing = new OpenAiListing(options.Node, Name, upstream);
        llama = new LlamaServer(options.Node, Name, upstream, time);
        Traits = settings.Address.Host == Cloud
            ? OpenAiListing.Traits with { Dialects = OpenAiListing.Traits.Dialects.Except([Dialect.AnthropicMessages]).ToFrozenSet(), Extensions = FrozenSet<string>.Empty, Defects = DialectDefects.RefusesUnknownParameters }
            : OpenAiListing.Traits;
        address = settings.Address.ToString();
    }

    public string Name { get; }

    public BackendTraits Traits { get; }

    public async Task<BackendReport> ReportAsync(CancellationToken cancellationToken)
    {
        var list = await listing.ListAsync(cancellationToken);
        isLlamaServer = LlamaServer.Is(list);
        if (isLlamaServer) return await llama.LookAsync(list, cancellationToken);
        return listing.Report(list)
            ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, $"The server at {address} answers without a list of models at /v1/models.") { Backend = Name });
    }

    public Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken) =>
        isLlamaServer ? llama.LoadAsync(order, cancellationToken) : throw Refusals.NoControl(Name);

    public Task UnloadAsync(string identifier, CancellationToken cancellationToken) =>
        isLlamaServer ? llama.UnloadAsync(identifier, cancellationToken) : throw Refusals.NoControl(Name);

    public Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken) =>
        isLlamaServer && StreamedAnswer.IsFor(exchange) ? new StreamedAnswer(Name, upstream).AskAsync(exchange, cancellationToken) : upstream.AskAsync(exchange, cancellationToken);

    public IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken) =>
        OpenAiGeneration.RunAsync(this, OpenAiGeneration.Exchange(identifier, request, limits), cancellationToken);

    public ValueTask DisposeAsync()
    {
        upstream.Dispose();
        return ValueTask.CompletedTask;
    }
}
