using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Nats;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

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
internal sealed class ModelPublishing(JobList jobs, ModelsFolder folder, ModelFinder finder, ModelBucket bucket, ModelCatalog catalog, LiveSettings settings)
{
    /// <summary>Starts the copy.</summary>
    public Job Start(PublishCommand command, CallContext call)
    {
        var target = command.Bucket ?? settings.Current.Models.Bucket;
        ModelBucket.CheckBucket(target);
        return jobs.Start(new JobOrder(JobKind.Publish, command.Model, $"publish {target} {command.Model}"), (report, cancellationToken) => PublishAsync(command.Model, target, call.Grant, report, cancellationToken));
    }

    private async Task<JobResult> PublishAsync(string name, string target, KeyGrant? grant, JobReport report, CancellationToken cancellationToken)
    {
        var model = await finder.FindToLoadAsync(name, grant, cancellationToken);
        var place = await model.Backend.Backend.LocateAsync(model.Key, cancellationToken);
        var neighbours = catalog.Current.Models.Where(other => other.Key != model.Key && other.Path is not null).ToList();
        string[] files = [.. OwnFiles.Of(folder, place.Paths, neighbours).Files.Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal)];
        var progress = new CopyProgress(report, files.Sum(file => new FileInfo(file).Length));
        var (objects, unchanged, bytes) = (new List<string>(), new List<string>(), 0L);
        foreach (var file in files)
        {
            var (objectName, size) = (folder.Relative(file), new FileInfo(file).Length);
            if (await IsThereAsync(target, objectName, file, size, cancellationToken)) unchanged.Add(objectName);
            else await PutAsync(target, objectName, file, progress, cancellationToken);
            objects.Add(objectName);
            bytes += size;
            progress.Next(size);
        }

        return new PublishOutcome(model.Key, target) { Objects = objects, Unchanged = unchanged, Bytes = bytes };
    }

    private async Task<bool> IsThereAsync(string target, string name, string file, long size, CancellationToken cancellationToken)
    {
        try
        {
            return await bucket.FindAsync(target, name, cancellationToken) is { } there && there.Size == size && there.Digest == await ObjectCopy.DigestAsync(file, cancellationToken);
        }
        catch (GatewayException failure) when (failure.Error.Code == ErrorCode.ObjectNotFound)
        {
            return false;   // there is no bucket yet
        }
    }

    private async Task PutAsync(string target, string name, string file, CopyProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await using var measured = new MeasuredStream(content, progress.At);
            await bucket.PutAsync(target, name, measured, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new GatewayException(new GatewayError(ErrorCode.TransferFailed, $"{file} cannot be read: {fault.Message}"), fault);
        }
    }
}
