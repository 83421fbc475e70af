using LmGateway.Configuration;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Chat;

/// <summary>Says which model answers a request, and which parameters go with it.</summary>
internal sealed class ChatModels(ModelFinder finder, ActiveModelState active, LiveSettings settings)
{
    /// <summary>
    /// The request's own name counts on <c>/chat</c> alone. One that gives none there gets the default model; where there is no such model, the
    /// active one, then <c>inference.default_model</c>.
    /// </summary>
    public async ValueTask<(string Model, ChatRequest Request)> ChooseAsync(ChatKind kind, ChatBody body, KeyGrant? grant, CancellationToken cancellationToken)
    {
        if (kind == ChatKind.Vision) return (settings.Current.Chat.DefaultVisionModel, body.Request);
        if (kind == ChatKind.Any && body.ModelKey is { } named) return (named, body.Request);
        if (kind == ChatKind.Regular || await ExistsAsync(settings.Current.Chat.DefaultRegularModel, grant, cancellationToken)) return (settings.Current.Chat.DefaultRegularModel, body.Request);
        if (active.Current is { } chosen) return (chosen.Name, With(body.Request, chosen.Defaults));
        return (settings.Current.Inference.DefaultModel ?? settings.Current.Chat.DefaultRegularModel, body.Request);
    }

    private async ValueTask<bool> ExistsAsync(string model, KeyGrant? grant, CancellationToken cancellationToken)
    {
        try
        {
            await finder.FindAsync(model, ModelType.Llm, grant, cancellationToken);
            return true;
        }
        catch (GatewayException missing) when (missing.Error.Code is ErrorCode.ModelNotFound or ErrorCode.Forbidden)
        {
            return false;
        }
    }

    private static ChatRequest With(ChatRequest request, InferenceDefaults defaults) => request with
    {
        Temperature = request.Temperature ?? defaults.Temperature,
        MaxTokens = request.MaxTokens ?? defaults.MaxTokens,
        TopP = request.TopP ?? defaults.TopP,
        TopK = defaults.TopK,
        RepeatPenalty = defaults.RepeatPenalty,
        Stop = defaults.StopStrings ?? [],
    };
}
