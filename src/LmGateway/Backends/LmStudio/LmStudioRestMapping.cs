using LmGateway.Vocabulary;
using LmStudio.Client.Rest;

namespace LmGateway.Backends.LmStudio;

/// <summary>What LM Studio's REST lists say, in the gateway's words.</summary>
internal static class LmStudioRestMapping
{
    public static BackendReport Report((string Node, string Backend) home, IReadOnlyList<RestModel> models) => new()
    {
        Models = [.. models.Select(model => Model(home.Backend, model))],
        Instances = [.. from model in models
                        from instance in model.LoadedInstances
                        select new ModelInstance
                        {
                            Id = new InstanceId(home.Node, home.Backend, instance.Id),
                            ModelKey = model.Key,
                            Type = LmStudioMapping.Type(model.Type),
                            DisplayName = model.DisplayName,
                            ContextLength = instance.ContextLength,
                            Parallel = instance.Parallel,
                        }],
        Control = ControlChannels.None,
    };

    /// <summary>The older list knows that a model is loaded, but not under which identifier: the default one is its key.</summary>
    public static BackendReport Report((string Node, string Backend) home, IReadOnlyList<RestModelV0> models) => new()
    {
        Models = [.. models.Select(model => Model(home.Backend, model))],
        Instances = [.. from model in models
                        where model.IsLoaded
                        select new ModelInstance
                        {
                            Id = new InstanceId(home.Node, home.Backend, model.Id),
                            ModelKey = model.Id,
                            Type = LmStudioMapping.Type(model.Type),
                            ContextLength = model.LoadedContextLength,
                        }],
        Control = ControlChannels.None,
    };

    private static ModelInfo Model(string backend, RestModel model) => new()
    {
        Backend = backend,
        Key = model.Key,
        Type = LmStudioMapping.Type(model.Type),
        DisplayName = model.DisplayName,
        Publisher = model.Publisher,
        Architecture = model.Architecture,
        Quantization = model.Quantization?.Name,
        Format = model.Format,
        Parameters = model.ParamsString,
        SizeBytes = model.SizeBytes,
        MaxContextLength = model.MaxContextLength,
        Vision = model.Vision ?? false,
        ToolUse = model.TrainedForToolUse ?? false,
        Variants = model.Variants,
        SelectedVariant = model.SelectedVariant,
    };

    private static ModelInfo Model(string backend, RestModelV0 model) => new()
    {
        Backend = backend,
        Key = model.Id,
        Type = LmStudioMapping.Type(model.Type),
        Publisher = model.Publisher,
        Architecture = model.Architecture,
        Quantization = model.Quantization,
        Format = model.CompatibilityType,
        MaxContextLength = model.MaxContextLength,
        Vision = model.Type == "vlm",
        ToolUse = model.Capabilities.Contains("tool_use"),
    };
}
