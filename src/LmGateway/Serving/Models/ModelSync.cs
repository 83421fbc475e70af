using LmGateway.Serving.Jobs;

namespace LmGateway.Serving.Models;

/// <summary>An object of the model repository to copy into the models folder.</summary>
internal sealed record SyncCommand
{
    /// <summary>Null for the bucket that is set (<c>models.bucket</c>).</summary>
    public string? Bucket { get; init; }

    /// <summary>
    /// Usually <c>publisher/model/file.gguf</c>. The file takes the name after the last slash. A name that ends in <c>/</c>, or that is no
    /// object but the beginning of some, stands for all of them.
    /// </summary>
    public required string ObjectName { get; init; }

    /// <summary>The folder below the models folder; null takes it from the object's name.</summary>
    public string? Publisher { get; init; }

    /// <summary>The folder below the publisher's; null takes it from the object's name.</summary>
    public string? ModelDir { get; init; }

    /// <summary>Hand the file to <c>lms import</c> as well; it lies in place without that.</summary>
    public bool Import { get; init; }
}

/// <summary>A copy that succeeded.</summary>
internal sealed record SyncOutcome : JobResult
{
    /// <summary>The absolute path of the file, or of the folder where there are several.</summary>
    public required string LocalPath { get; init; }

    /// <summary>Absolute paths of all the files.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Bytes that were there from an earlier attempt and were not fetched again.</summary>
    public long Resumed { get; init; }

    /// <summary>What was there already with the right content, so that nothing was fetched.</summary>
    public bool WasThere { get; init; }
}

/// <summary>Copies models out of the repository (JetStream's object store) to where the backend finds them.</summary>
internal sealed class ModelSync
{
    /// <summary>Starts the copy. Throws at once for names that lead out of the models folder.</summary>
    public Job Start(SyncCommand command) => throw new NotImplementedException();
}
