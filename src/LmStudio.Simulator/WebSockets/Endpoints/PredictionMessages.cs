using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>The messages that a prediction's channel carries, made from what the engine yields.</summary>
internal static class PredictionMessages
{
    public static IEnumerable<JsonObject> Of(GenerationEvent step, LoadedInstance instance, KvConfig config) => step switch
    {
        GenerationEvent.PromptProgress progress => [Progress(progress)],
        GenerationEvent.Token token => [Fragment(token)],
        GenerationEvent.ToolCallStart start =>
        [
            new() { ["type"] = "toolCallGenerationStart", ["toolCallId"] = start.Id },
            new() { ["type"] = "toolCallGenerationNameReceived", ["name"] = start.Name },
        ],
        GenerationEvent.ToolCallArguments arguments => [new() { ["type"] = "toolCallGenerationArgumentFragmentGenerated", ["content"] = arguments.Fragment }],
        GenerationEvent.ToolCallEnd end => [new() { ["type"] = "toolCallGenerationEnd", ["toolCallRequest"] = Request(end.Call) }],
        GenerationEvent.Finished finished => [Success(finished.Stats, instance, config)],
        _ => [],
    };

    private static JsonObject Progress(GenerationEvent.PromptProgress progress) => new()
    {
        ["type"] = "promptProcessingProgress",
        ["progress"] = progress.Fraction,
        ["details"] = new JsonObject
        {
            ["cachedTokenCount"] = 0,
            ["totalPromptTokenCount"] = progress.Total,
            ["processedPromptTokenCount"] = progress.Processed,
            ["unprocessedPromptTokenCount"] = progress.Total - progress.Processed,
        },
    };

    private static JsonObject Fragment(GenerationEvent.Token token) => new()
    {
        ["type"] = "fragment",
        ["fragment"] = new JsonObject
        {
            ["content"] = token.Text,
            ["tokensCount"] = 1,
            ["containsDrafted"] = false,
            ["reasoningType"] = token.Kind switch
            {
                TokenKind.Reasoning => "reasoning",
                TokenKind.ReasoningStart => "reasoningStartTag",
                TokenKind.ReasoningEnd => "reasoningEndTag",
                _ => "none",
            },
            ["isStructural"] = token.Kind is TokenKind.ReasoningStart or TokenKind.ReasoningEnd,
        },
    };

    private static JsonObject Request(ToolCall call) => new()
    {
        ["id"] = call.Id,
        ["type"] = "function",
        ["name"] = call.Name,
        ["arguments"] = JsonNode.Parse(call.Arguments),
    };

    private static JsonObject Success(GenerationStats stats, LoadedInstance instance, KvConfig config) => new()
    {
        ["type"] = "success",
        ["stats"] = Stats(stats),
        ["modelInfo"] = ModelJson.Instance(instance),
        ["loadModelConfig"] = ModelJson.Config(instance.LoadConfig),
        ["predictionConfig"] = ModelJson.Config(config),
    };

    /// <summary>The figures; what is not a number is left out.</summary>
    public static JsonObject Stats(GenerationStats stats)
    {
        var json = new JsonObject { ["stopReason"] = StopReason(stats.StopReason) }.With("stopString", stats.StopString);
        json["tokensPerSecond"] = stats.TokensPerSecond;
        json["numGpuLayers"] = -1;
        json["timeToFirstTokenSec"] = stats.TimeToFirstToken.TotalSeconds;
        json["totalTimeSec"] = stats.TotalTime.TotalSeconds;
        json["promptTokensCount"] = stats.PromptTokens;
        json["predictedTokensCount"] = stats.PredictedTokens;
        json["totalTokensCount"] = stats.PromptTokens + stats.PredictedTokens;
        return json;
    }

    private static string StopReason(StopReason reason) => reason switch
    {
        Engine.StopReason.StopStringFound => "stopStringFound",
        Engine.StopReason.MaxPredictedTokensReached => "maxPredictedTokensReached",
        Engine.StopReason.ContextLengthReached => "contextLengthReached",
        Engine.StopReason.ToolCalls => "toolCalls",
        Engine.StopReason.UserStopped => "userStopped",
        Engine.StopReason.ModelUnloaded => "modelUnloaded",
        Engine.StopReason.Failed => "failed",
        _ => "eosFound",
    };
}
