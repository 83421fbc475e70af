using LmGateway.Serving.Jobs;

namespace LmGateway.Serving.Models;

/// <summary>A local model to copy into the repository.</summary>
/// <param name="Model">By key, identifier or unique part of a key.</param>
internal sealed record PublishCommand(string Model)
{
    /// <summary>Null for the bucket that is set (<c>models.bucket</c>). It is made where there is none.</summary>
    public string? Bucket { get; init; }
}

/// <summary>A model that is in the repository now.</summary>
internal sealed record PublishOutcome(string ModelKey, string Bucket) : JobResult
{
    /// <summary>Names of its objects: <c>publisher/model/file</c>.</summary>
    public IReadOnlyList<string> Objects { get; init; } = [];

    public long Bytes { get; init; }

    /// <summary>Those that were there already with the same content.</summary>
    public IReadOnlyList<string> Unchanged { get; init; } = [];
}

/// <summary>Copies local models into the repository (JetStream's object store).</summary>
internal sealed class ModelPublishing
{
    /// <summary>Starts the copy.</summary>
    public Job Start(PublishCommand command) => throw new NotImplementedException();
}
