using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Models;

/// <summary>A model whose files are to go.</summary>
/// <param name="Model">By key, identifier or unique part of a key.</param>
internal sealed record DeleteCommand(string Model)
{
    /// <summary>Unload without waiting for running requests.</summary>
    public bool Force { get; init; }
}

/// <summary>A deletion that succeeded.</summary>
/// <param name="ModelKey">The key of the model that is gone.</param>
/// <param name="Folder">The absolute path of the folder that held the model; it is gone too unless something else lies in it.</param>
internal sealed record DeletionOutcome(string ModelKey, string Folder) : JobResult
{
    /// <summary>Absolute paths of the files that are gone.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    public long FreedBytes { get; init; }

    /// <summary>Identifiers of the instances that were unloaded first.</summary>
    public IReadOnlyList<string> Unloaded { get; init; } = [];
}

/// <summary>Unloads a model and removes its files, and nothing else.</summary>
internal sealed class ModelDeletion(ModelsFolder folder)
{
    /// <summary>Starts the deletion.</summary>
    public Job Start(DeleteCommand command, CallContext call) => throw new NotImplementedException();

    /// <summary>Where a model of this name would usually lie: below the models folder, by its name. For messages; nothing is deleted by it.</summary>
    public string UsualFolder(string model) => folder.Usual(model);
}
