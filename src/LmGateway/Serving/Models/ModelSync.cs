using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Nats;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

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
internal sealed class ModelSync(JobList jobs, ModelsFolder folder, ModelBucket bucket, ObjectCopy copy, ModelCatalog catalog, LiveSettings settings)
{
    /// <summary>Starts the copy. Throws at once for names that lead out of the models folder.</summary>
    public Job Start(SyncCommand command, CallContext call)
    {
        call.Grant?.DemandEveryModel("a copy from the repository");
        ModelBucket.CheckName(command.ObjectName);
        var name = command is { Publisher: null, ModelDir: null } && command.ObjectName.Split('/').Length == 2 ? command.ObjectName + "/" : command.ObjectName;
        var wanted = command with { Bucket = command.Bucket ?? settings.Current.Models.Bucket, ObjectName = name };
        ModelBucket.CheckBucket(wanted.Bucket);
        var target = name.EndsWith('/') ? $"{name} *" : Target(wanted, name);
        var order = new JobOrder(JobKind.Sync, name, $"sync {target}") { Source = $"{wanted.Bucket} {name} {wanted.Import}" };
        return jobs.Start(order, (report, cancellationToken) => SyncAsync(wanted, report, cancellationToken));
    }

    private async Task<JobResult> SyncAsync(SyncCommand command, JobReport report, CancellationToken cancellationToken)
    {
        var sources = await SourcesAsync(command, cancellationToken);
        var targets = sources.ConvertAll(source => Target(command, source.Name));
        var progress = new CopyProgress(report, sources.Sum(source => source.Size));
        var copied = new List<CopiedObject>();
        for (var at = 0; at < sources.Count; at++)
        {
            copied.Add(await copy.CopyAsync(sources[at], targets[at], progress, cancellationToken));
            progress.Next(sources[at].Size);
        }

        var keepers = catalog.Current.Backends.Where(view => view.Traits.KeepsFiles).Select(view => view.Backend).ToList();
        if (command.Import) await ImportAsync(keepers, targets, report, cancellationToken);
        foreach (var backend in keepers) await catalog.RefreshAfterChangeAsync(backend, cancellationToken);
        return new SyncOutcome
        {
            LocalPath = targets.Count == 1 ? targets[0] : Path.GetDirectoryName(targets[0])!,
            Files = targets,
            Bytes = copied.Sum(one => one.Bytes),
            Resumed = copied.Sum(one => one.Resumed),
            WasThere = copied.TrueForAll(one => one.WasThere),
        };
    }

    private async Task<List<BucketObject>> SourcesAsync(SyncCommand command, CancellationToken cancellationToken)
    {
        if (!command.ObjectName.EndsWith('/') && await bucket.FindAsync(command.Bucket!, command.ObjectName, cancellationToken) is { } one) return [one];
        var several = await bucket.ListAsync(command.Bucket!, command.ObjectName.TrimEnd('/') + "/", cancellationToken);
        return several.Count > 0 ? several : throw new GatewayException(new GatewayError(ErrorCode.ObjectNotFound, $"The bucket '{command.Bucket}' has no object '{command.ObjectName}'.") { Parameter = "object_name" });
    }

    /// <summary>The backend finds models only exactly two folders deep.</summary>
    private string Target(SyncCommand command, string name)
    {
        var parts = name.Split('/');
        if ((command.Publisher is null || command.ModelDir is null) && parts.Length < 3)
            throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, $"'{name}' does not name a place: publisher/model/file is expected, or publisher and model_dir beside it.") { Parameter = "object_name" });
        return folder.Place(command.Publisher ?? parts[^3], command.ModelDir ?? parts[^2], parts[^1]);
    }

    private static async Task ImportAsync(List<IBackend> keepers, List<string> files, JobReport report, CancellationToken cancellationToken)
    {
        foreach (var file in files)
        {
            var modelDir = Path.GetDirectoryName(file)!;
            var userRepo = $"{Path.GetFileName(Path.GetDirectoryName(modelDir))}/{Path.GetFileName(modelDir)}";
            foreach (var backend in keepers)
                report.Line(await backend.ImportAsync(file, userRepo, cancellationToken) is { } path ? $"Imported as {path}" : $"{file} is in LM Studio's folder already");
        }
    }
}
