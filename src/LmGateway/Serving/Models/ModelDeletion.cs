using LmGateway.Backends;
using LmGateway.Catalog;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>A model whose files are to go.</summary>
/// <param name="Model">Its exact key, identifier, path or variant; no part of a name.</param>
internal sealed record DeleteCommand(string Model)
{
    /// <summary>Unload without waiting for running requests.</summary>
    public bool Force { get; init; }
}

/// <summary>A deletion that succeeded.</summary>
/// <param name="ModelKey">The key of the model that is gone.</param>
/// <param name="Folder">The absolute path of the folder that held the model; it is gone too unless something else lies in it. Null where the backend keeps models in a store of its own.</param>
internal sealed record DeletionOutcome(string ModelKey, string? Folder) : JobResult
{
    /// <summary>Absolute paths of the files that are gone.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    public long FreedBytes { get; init; }

    /// <summary>Identifiers of the instances that were unloaded first.</summary>
    public IReadOnlyList<string> Unloaded { get; init; } = [];
}

/// <summary>Unloads a model and removes its files, and nothing else.</summary>
internal sealed class ModelDeletion(JobList jobs, ModelsFolder folder, ModelFinder finder, ModelOperations operations, ActiveModelState active, ModelCatalog catalog)
{
    /// <summary>Starts the deletion.</summary>
    public Job Start(DeleteCommand command, CallContext call) =>
        jobs.Start(new JobOrder(JobKind.Delete, command.Model, $"delete {command.Model}"), (report, cancellationToken) => DeleteAsync(command, call, report, cancellationToken));

    /// <summary>Where a model of this name would usually lie: below the models folder, by its name. For messages; nothing is deleted by it.</summary>
    public string UsualFolder(string model) => folder.Usual(model);

    private async Task<JobResult> DeleteAsync(DeleteCommand command, CallContext call, JobReport report, CancellationToken cancellationToken)
    {
        var model = await finder.FindExactlyAsync(command.Model, call.Grant, cancellationToken);
        var backend = catalog.Current.Find(model.Backend)!.Backend;
        if (backend.Traits.CanDelete) return await DeleteFromStoreAsync(backend, model, command, call, report, cancellationToken);
        var place = await backend.LocateAsync(Named(model, command.Model), cancellationToken);
        var neighbours = catalog.Current.Models.Where(other => other.Backend == model.Backend && other.Key != model.Key && other.Path is not null).ToList();
        var own = OwnFiles.Of(folder, place.Paths, neighbours);     // before anything is unloaded: it may be refused
        var unloaded = await UnloadAsync(model, command.Force, call, report, cancellationToken);
        await active.ForgetAsync(model.Key, instanceId: null, cancellationToken);
        var freed = own.Bytes;
        own.Remove(folder);
        await catalog.RefreshAfterChangeAsync(backend, cancellationToken);
        return new DeletionOutcome(model.Key, own.Folder) { Files = own.Files, FreedBytes = freed, Unloaded = unloaded };
    }

    /// <summary>The backend removes it itself.</summary>
    private async Task<JobResult> DeleteFromStoreAsync(IBackend backend, ModelInfo model, DeleteCommand command, CallContext call, JobReport report, CancellationToken cancellationToken)
    {
        var unloaded = await UnloadAsync(model, command.Force, call, report, cancellationToken);
        await active.ForgetAsync(model.Key, instanceId: null, cancellationToken);
        await backend.DeleteAsync(model.Key, cancellationToken);
        await catalog.RefreshAfterChangeAsync(backend, cancellationToken);
        return new DeletionOutcome(model.Key, Folder: null) { FreedBytes = model.SizeBytes ?? 0, Unloaded = unloaded };
    }

    /// <summary>A variant is deleted as such; everything else by the model's key.</summary>
    private static string Named(ModelInfo model, string name) =>
        model.Variants.FirstOrDefault(variant => string.Equals(variant, name, StringComparison.OrdinalIgnoreCase)) ?? model.Key;

    /// <summary>A model that is answering stays, and so do its files; any other failure to unload does not keep the files from going.</summary>
    private async Task<IReadOnlyList<string>> UnloadAsync(ModelInfo model, bool force, CallContext call, JobReport report, CancellationToken cancellationToken)
    {
        var unloaded = new List<string>();
        foreach (var instance in await finder.FindAllLoadedAsync($"{model.Backend}/{model.Key}", call.Grant, cancellationToken))
        {
            try
            {
                await operations.UnloadAsync(modelKey: null, $"{model.Backend}/{instance.Identifier}", force, call, cancellationToken);
                unloaded.Add(instance.Identifier);
            }
            catch (GatewayException failure) when (failure.Error.Code != ErrorCode.InstanceInUse)
            {
                report.Line($"'{instance.Identifier}' was not unloaded: {failure.Message}");
            }
        }

        return unloaded;
    }
}
