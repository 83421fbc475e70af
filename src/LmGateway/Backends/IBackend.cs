using LmGateway.Vocabulary;

namespace LmGateway.Backends;

/// <summary>
/// A server that runs models. What one server can do and another cannot is data (<see cref="Traits"/>), so that no API needs to know
/// which server it talks to. Failures are <see cref="GatewayException"/>s; every call ends in bounded time or with its token.
/// </summary>
internal interface IBackend : IAsyncDisposable
{
    /// <summary>The name in the configuration, for instance <c>lmstudio</c>.</summary>
    string Name { get; }

    BackendTraits Traits { get; }

    /// <summary>The program that starts this server on this machine; null where there is none.</summary>
    IServerProgram? Program => null;

    /// <summary>What exists and what is loaded, and which ways of control answer. Throws where the backend cannot be reached at all.</summary>
    Task<BackendReport> ReportAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Loads a copy of a model and returns when it answers requests. Cancelling ends the load in the backend.
    /// Not idempotent: each call that succeeds makes another instance.
    /// </summary>
    Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken);

    /// <summary>What a load would need. <see cref="ErrorCode.NotSupported"/> where the backend does not tell.</summary>
    Task<LoadEstimate> EstimateAsync(LoadOrder order, CancellationToken cancellationToken) => throw Unable("tell what a load would need");

    /// <summary>Unloads one instance by its identifier. <see cref="ErrorCode.ModelNotFound"/> where it is not loaded.</summary>
    Task UnloadAsync(string identifier, CancellationToken cancellationToken);

    /// <summary>
    /// Sends bytes in a dialect that the backend declares and returns when the reply's head is there. Cancelling, or disposing of the
    /// reply before its end, ends the generation in the backend.
    /// </summary>
    Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken);

    /// <summary>Runs a generation in no dialect. Leaving the enumeration ends it in the backend.</summary>
    IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken);

    /// <summary>
    /// Downloads a model to where the backend keeps its models and returns when it is there. Cancelling stops waiting;
    /// <see cref="EndPullAsync"/> ends the download itself. <see cref="ErrorCode.NotSupported"/> where <see cref="BackendTraits.CanPull"/> is not set.
    /// </summary>
    Task<PullResult> PullAsync(PullOrder order, IProgress<PullProgress> progress, CancellationToken cancellationToken) => throw Unable("download models");

    /// <summary>Ends a download that may be under way; none is no error.</summary>
    Task EndPullAsync(PullOrder order, CancellationToken cancellationToken) => throw Unable("download models");

    /// <summary>Models that can be downloaded. <see cref="ErrorCode.NotSupported"/> where <see cref="BackendTraits.CanPull"/> is not set.</summary>
    Task<IReadOnlyList<FoundModel>> SearchAsync(ModelQuery query, CancellationToken cancellationToken) => throw Unable("search for models");

    /// <summary>Removes a model for good, where the backend does so itself. <see cref="ErrorCode.NotSupported"/> where <see cref="BackendTraits.CanDelete"/> is not set.</summary>
    Task DeleteAsync(string modelKey, CancellationToken cancellationToken) => throw Unable("delete models");

    /// <summary>Where the files of a model lie. <see cref="ErrorCode.ModelNotFound"/> where they are not on this machine.</summary>
    Task<ModelPlace> LocateAsync(string modelKey, CancellationToken cancellationToken) => throw Unable("tell where a model's files are");

    /// <summary>Brings a file into the backend's own care, as <c>user/repo</c>, and returns where it lies then.</summary>
    Task<string?> ImportAsync(string file, string userRepo, CancellationToken cancellationToken) => throw Unable("import files");

    private GatewayException Unable(string what) =>
        new(new GatewayError(ErrorCode.NotSupported, $"The backend '{Name}' ({Traits.Kind}) cannot {what}.") { Backend = Name });
}
