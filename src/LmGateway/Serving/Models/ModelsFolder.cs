using LmGateway.Configuration;

namespace LmGateway.Serving.Models;

/// <summary>The folder in which the backend keeps its models (<c>lmstudio.models_dir</c>): <c>publisher/model/file</c> below it.</summary>
internal sealed class ModelsFolder(LmStudioOptions options)
{
    /// <summary>Its absolute path.</summary>
    public string Root { get; } = Path.GetFullPath(options.ModelsDir);

    /// <summary>Where a model of this name would lie if its folders were called as it is.</summary>
    public string Usual(string model) => Path.Combine(Root, model);
}
