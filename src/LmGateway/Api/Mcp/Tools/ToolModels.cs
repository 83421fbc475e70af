using LmGateway.Catalog;
using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>Says which model a call means that names none.</summary>
internal sealed class ToolModels(ModelFinder finder, ActiveModelState active, LiveSettings live)
{
    /// <summary>For <c>chat</c>: the call's own, then <c>MODEL_NAME</c>, then the active model with its parameters, then the default one.</summary>
    public async ValueTask<(string Model, InferenceDefaults Defaults)> ForChatAsync(string? named, ToolSettings settings, CancellationToken cancellationToken)
    {
        if (named is not null) return (named, InferenceDefaults.None);
        if (settings.Model is { } configured)
        {
            // MODEL_NAME is written as for a download; the backend may call the model otherwise.
            var snapshot = await finder.SeenAsync(grant: null, cancellationToken);
            return (ModelNames.FindKey(snapshot.Models, configured) ?? configured, InferenceDefaults.None);
        }

        if (active.Current is { } chosen) return (chosen.Name, chosen.Defaults);
        return (live.Current.Inference.DefaultModel ?? throw new GatewayException(new GatewayError(ErrorCode.ModelRequired, "The call names no model, MODEL_NAME is not set, and no model is active.") { Parameter = "model" }), InferenceDefaults.None);
    }

    /// <summary>For <c>embed</c>: the call's own, else the only embedding model that is loaded, else the only one there is.</summary>
    public async ValueTask<string> ForEmbeddingAsync(string? named, KeyGrant? grant, CancellationToken cancellationToken)
    {
        if (named is not null) return named;
        var snapshot = await finder.SeenAsync(grant, cancellationToken);
        string[] loaded = [.. snapshot.Instances.Where(instance => instance.Type == ModelType.Embedding).Select(instance => instance.ModelKey).Distinct(StringComparer.Ordinal)];
        string[] there = [.. snapshot.Models.Where(model => model.Type == ModelType.Embedding).Select(model => model.Key).Distinct(StringComparer.Ordinal)];
        return loaded is [var running] ? running : there is [var only] ? only
            : throw new GatewayException(new GatewayError(ErrorCode.ModelRequired, there.Length == 0 ? "There is no embedding model here." : $"There are several embedding models: {string.Join(", ", there)}.") { Parameter = "model" });
    }
}
