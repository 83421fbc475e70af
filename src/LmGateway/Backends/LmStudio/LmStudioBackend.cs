using System.Collections.Frozen;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using LmStudio.Client;
using LmStudio.Client.Wire;
using Microsoft.Extensions.Logging;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// LM Studio: controlled over its WebSocket, by REST where that is refused, and asked over HTTP. A server at its address that turns out
/// to be something else is served as a plain OpenAI server.
/// </summary>
internal sealed partial class LmStudioBackend : IBackend
{
    private static readonly BackendTraits LmStudioTraits = new()
    {
        Kind = "lmstudio",
        Dialects = FrozenSet.ToFrozenSet(Enum.GetValues<Dialect>()),
        Defects = DialectDefects.RefusesJsonObject | DialectDefects.RefusesToolChoiceObject | DialectDefects.IgnoresBase64Embeddings
            | DialectDefects.RefusesWebP | DialectDefects.RefusesRemoteImages,
        CanLoad = true,
        CanPull = true,
        KeepsFiles = true,
        LoadsOnRequest = true,
        NamesTheInstance = true,
        Extensions = FrozenSet.ToFrozenSet(["top_k", "repeat_penalty"]),
    };

    private readonly string node;
    private readonly HttpUpstream upstream;
    private readonly LmStudioClient control;
    private readonly LmStudioClient watching;
    private readonly LmStudioReports reports;
    private readonly LmStudioProgram program;
    private readonly LmStudioDownloads downloads;
    private readonly LmStudioModelFiles files;
    private readonly LmStudioEstimates estimates;
    private readonly LmStudioHomestead home;
    private readonly ILogger<LmStudioBackend> logger;

    public LmStudioBackend(GatewayOptions options, TimeProvider time, ILogger<LmStudioBackend> logger, string name = "lmstudio")
    {
        Name = name;
        this.logger = logger;
        node = options.Node;
        var lmStudio = options.LmStudio;
        var address = new Uri(lmStudio.BaseUrl);
        upstream = new HttpUpstream(UpstreamSettings.Of(options, Name, "LM Studio") with { Token = lmStudio.ApiToken }, time);
        var client = new LmStudioClientOptions
        {
            BaseAddress = address,
            // Another program's key, such as OPENAI_API_KEY=lm-studio, is sent on HTTP only: the WebSocket takes LM Studio's own tokens.
            ApiToken = lmStudio.ApiToken is { } token && LmStudioClientOptions.IsApiToken(token) ? token : null,
            ConnectAttempts = lmStudio.ConnectAttempts,
            ConnectRetryDelay = TimeSpan.FromMilliseconds(lmStudio.ConnectRetryMs),
            RequestTimeout = TimeSpan.FromMilliseconds(options.Timeouts.ControlMs),
            // A load's own deadline comes first, and says which setting to raise.
            ChannelIdleTimeout = TimeSpan.FromSeconds(options.Scheduling.LoadTimeoutSeconds + 10),
            TimeProvider = time,
            OnWarning = warning => LogWarning(warning.Origin, warning.Text),
        };
        control = new LmStudioClient(client);
        watching = new LmStudioClient(client with { ConnectAttempts = 1 });
        program = new LmStudioProgram(address, lmStudio.LmsPath, time);
        home = new LmStudioHomestead(node, Name, address, lmStudio.LmsPath);
        reports = new LmStudioReports(home, upstream, watching);
        downloads = new LmStudioDownloads(home, control, time);
        estimates = new LmStudioEstimates(Name, control);
        files = new LmStudioModelFiles(home, control, lmStudio.ModelsFolder);
    }

    public string Name { get; }

    public BackendTraits Traits => LmStudioTraits;

    public IServerProgram Program => program;

    public Task<BackendReport> ReportAsync(CancellationToken cancellationToken) => reports.LookAsync(cancellationToken);

    public async Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return await LoadOverSocketAsync(order, progress, cancellationToken);
        }
        catch (LmStudioException failure) when (failure is LmStudioConnectionException { UnderWay: false } or LmStudioEndpointMissingException)
        {
            return await LoadOverRestAsync(order, failure, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, Name, ErrorCode.LoadFailed);
        }
    }

    public Task<LoadEstimate> EstimateAsync(LoadOrder order, CancellationToken cancellationToken) => estimates.EstimateAsync(order, cancellationToken);

    public async Task UnloadAsync(string identifier, CancellationToken cancellationToken)
    {
        try
        {
            // One identifier names one instance among language and embedding models; the namespace decides which calls reach it.
            if (await IsLoadedAsync(control.Embedding, identifier, cancellationToken)) await control.Embedding.UnloadModelAsync(identifier, cancellationToken);
            else await control.Llm.UnloadModelAsync(identifier, cancellationToken);
        }
        catch (LmStudioException failure) when (failure is LmStudioConnectionException or LmStudioEndpointMissingException)
        {
            await UnloadOverRestAsync(identifier, failure, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure, Name, ErrorCode.BackendFault);
        }
    }

    public Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken) => upstream.AskAsync(exchange, cancellationToken);

    public IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken) =>
        OpenAiGeneration.RunAsync(this, OpenAiGeneration.Exchange(identifier, request, limits), cancellationToken);

    public Task<PullResult> PullAsync(PullOrder order, IProgress<PullProgress> progress, CancellationToken cancellationToken) =>
        downloads.PullAsync(order.Identifier, progress, cancellationToken);

    public Task EndPullAsync(PullOrder order, CancellationToken cancellationToken) => downloads.EndAsync(order.Identifier, cancellationToken);

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelQuery query, CancellationToken cancellationToken) => downloads.SearchAsync(query, cancellationToken);

    public Task<ModelPlace> LocateAsync(string modelKey, CancellationToken cancellationToken) => files.LocateAsync(modelKey, cancellationToken);

    public Task<string?> ImportAsync(string file, string userRepo, CancellationToken cancellationToken) => downloads.ImportAsync(file, userRepo, cancellationToken);

    /// <summary>LM Studio's own log from now on, until the token is cancelled or the connection is lost.</summary>
    public IAsyncEnumerable<LogEvent> LogsAsync(CancellationToken cancellationToken) => watching.Diagnostics.StreamLogsAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await control.DisposeAsync();
        await watching.DisposeAsync();
        upstream.Dispose();
    }

    private static async Task<bool> IsLoadedAsync(global::LmStudio.Client.Namespaces.ModelNamespace models, string identifier, CancellationToken cancellationToken) =>
        await models.FindModelInfoAsync(ModelSpecifier.ByIdentifier(identifier), cancellationToken) is not null;

    private async Task<LoadResult> LoadOverSocketAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var request = new LoadModelRequest
        {
            ModelKey = order.ModelKey,
            Identifier = order.Identifier,
            TimeToLive = order.Ttl,
            Configuration = LmStudioMapping.Configuration(order.Settings),
        };
        var events = progress is null ? null : new LoadProgress(progress);
        LoadedModel loaded;
        try
        {
            loaded = await control.Llm.LoadModelAsync(request, events, cancellationToken);
        }
        catch (LmStudioRequestException refused) when (refused.Details is LmStudioErrorDetails.DomainMismatch { ActualDomain: "embedding" })
        {
            loaded = await control.Embedding.LoadModelAsync(request, events, cancellationToken);
        }
        catch (ArgumentException contradiction)
        {
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, contradiction.Message) { Parameter = "loadConfig" }, contradiction);
        }

        var parallel = await ParallelOfAsync(loaded.Instance, cancellationToken);
        return new LoadResult(LmStudioMapping.Instance((node, Name), loaded.Instance, order.ModelKey, parallel))
        {
            NotApplied = LmStudioMapping.NotApplied(order.Settings, loaded.NotApplied),
        };
    }

    /// <summary>The load succeeded: a connection that is lost just after it must not make it look failed.</summary>
    private async Task<int?> ParallelOfAsync(InstanceInfo instance, CancellationToken cancellationToken)
    {
        try
        {
            return await reports.ParallelAsync(instance, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            LogWarning(Name, failure.Message);
            return null;
        }
    }

    /// <summary>REST knows few settings, no identifier and no lifetime; what it cannot carry is reported.</summary>
    private async Task<LoadResult> LoadOverRestAsync(LoadOrder order, LmStudioException refused, CancellationToken cancellationToken)
    {
        try
        {
            var loaded = await control.Rest.LoadModelAsync(order.ModelKey, LmStudioMapping.Configuration(order.Settings), cancellationToken);
            var instance = new ModelInstance { Id = new InstanceId(node, Name, loaded.InstanceId), ModelKey = order.ModelKey, Type = LmStudioMapping.Type(loaded.Type) };
            return new LoadResult(instance) { NotApplied = [.. LmStudioMapping.NotApplied(order.Settings, loaded.NotApplied), .. LmStudioMapping.NotOverRest(order)] };
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure is LmStudioConnectionException or LmStudioEndpointMissingException ? refused : failure, Name, ErrorCode.LoadFailed);
        }
    }

    private async Task UnloadOverRestAsync(string identifier, LmStudioException refused, CancellationToken cancellationToken)
    {
        try
        {
            await control.Rest.UnloadModelAsync(identifier, cancellationToken);
        }
        catch (LmStudioException failure)
        {
            throw LmStudioErrors.From(failure is LmStudioConnectionException or LmStudioEndpointMissingException ? refused : failure, Name, ErrorCode.BackendFault);
        }
    }

    /// <summary>Hands the fraction of a load on.</summary>
    private sealed class LoadProgress(IProgress<double> progress) : IProgress<LoadEvent>
    {
        public void Report(LoadEvent value)
        {
            if (value is LoadEvent.Progressed step) progress.Report(step.Fraction);
        }
    }

    [LoggerMessage(LogLevel.Debug, "LM Studio, {Origin}: {Text}")]
    private partial void LogWarning(string origin, string text);
}
