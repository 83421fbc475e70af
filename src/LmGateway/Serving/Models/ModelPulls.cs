using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>A model to download.</summary>
/// <param name="Identifier">As the backend takes it; never one that a program could take for an option.</param>
internal sealed record PullCommand(string Identifier)
{
    /// <summary>The backend to download for; null for the first that can.</summary>
    public string? Backend { get; init; }
}

/// <summary>A download that succeeded.</summary>
internal sealed record PullOutcome(string Backend, bool WasThere) : JobResult;

/// <summary>Downloads models. Two pulls of one model share one download.</summary>
internal sealed class ModelPulls
{
    /// <summary>Starts the download. Throws at once for an identifier that cannot be one, and where no backend can download.</summary>
    public Job Start(PullCommand command) => throw new NotImplementedException();

    /// <summary>Models that can be downloaded.</summary>
    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelQuery query, CancellationToken cancellationToken) => throw new NotImplementedException();
}
