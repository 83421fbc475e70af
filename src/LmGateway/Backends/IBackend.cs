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

    /// <summary>What exists and what is loaded, and which ways of control answer. Throws where the backend cannot be reached at all.</summary>
    Task<BackendReport> ReportAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Loads a copy of a model and returns when it answers requests. Cancelling ends the load in the backend.
    /// Not idempotent: each call that succeeds makes another instance.
    /// </summary>
    Task<LoadResult> LoadAsync(LoadOrder order, IProgress<double>? progress, CancellationToken cancellationToken);

    /// <summary>Unloads one instance by its identifier. <see cref="ErrorCode.ModelNotFound"/> where it is not loaded.</summary>
    Task UnloadAsync(string identifier, CancellationToken cancellationToken);

    /// <summary>
    /// Sends bytes in a dialect that the backend declares and returns when the reply's head is there. Cancelling, or disposing of the
    /// reply before its end, ends the generation in the backend.
    /// </summary>
    Task<ExchangeReply> ExchangeAsync(Exchange exchange, CancellationToken cancellationToken);

    /// <summary>Runs a generation in no dialect. Leaving the enumeration ends it in the backend.</summary>
    IAsyncEnumerable<ChatEvent> GenerateAsync(string identifier, ChatRequest request, GenerationLimits limits, CancellationToken cancellationToken);
}
