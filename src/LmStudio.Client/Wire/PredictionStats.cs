using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>How a prediction went.</summary>
public sealed record PredictionStats
{
    /// <summary>Why it ended; see <see cref="StopReasons"/>.</summary>
    public required string StopReason { get; init; }

    /// <summary>The stop string that was found.</summary>
    public string? StopString { get; init; }

    /// <summary>Tokens a second.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Layers on the GPU; -1 is unknown.</summary>
    public double? NumGpuLayers { get; init; }

    /// <summary>Time to the first token.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>Time in all.</summary>
    public TimeSpan? TotalTime { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int? PromptTokensCount { get; init; }

    /// <summary>Tokens predicted.</summary>
    public int? PredictedTokensCount { get; init; }

    /// <summary>Both together.</summary>
    public int? TotalTokensCount { get; init; }

    /// <summary>Key of the draft model that was used.</summary>
    public string? UsedDraftModelKey { get; init; }

    /// <summary>Tokens drafted.</summary>
    public int? TotalDraftTokensCount { get; init; }

    /// <summary>Drafted tokens that were right.</summary>
    public int? AcceptedDraftTokensCount { get; init; }

    /// <summary>Drafted tokens that were wrong.</summary>
    public int? RejectedDraftTokensCount { get; init; }

    /// <summary>Drafted tokens that were not looked at.</summary>
    public int? IgnoredDraftTokensCount { get; init; }

    internal static PredictionStats Read(JsonElement json) => new()
    {
        StopReason = json.Text("stopReason") ?? StopReasons.Unknown,
        StopString = json.Text("stopString"),
        TokensPerSecond = json.Number("tokensPerSecond"),
        NumGpuLayers = json.Number("numGpuLayers"),
        TimeToFirstToken = Seconds(json.Number("timeToFirstTokenSec")),
        TotalTime = Seconds(json.Number("totalTimeSec")),
        PromptTokensCount = json.Int32("promptTokensCount"),
        PredictedTokensCount = json.Int32("predictedTokensCount"),
        TotalTokensCount = json.Int32("totalTokensCount"),
        UsedDraftModelKey = json.Text("usedDraftModelKey"),
        TotalDraftTokensCount = json.Int32("totalDraftTokensCount"),
        AcceptedDraftTokensCount = json.Int32("acceptedDraftTokensCount"),
        RejectedDraftTokensCount = json.Int32("rejectedDraftTokensCount"),
        IgnoredDraftTokensCount = json.Int32("ignoredDraftTokensCount"),
    };

    private static TimeSpan? Seconds(double? seconds) => seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds.Value) : null;
}

/// <summary>Why a prediction ended.</summary>
public static class StopReasons
{
    /// <summary>It was cancelled.</summary>
    public const string UserStopped = "userStopped";

    /// <summary>The instance was unloaded meanwhile.</summary>
    public const string ModelUnloaded = "modelUnloaded";

    /// <summary>The engine failed.</summary>
    public const string Failed = "failed";

    /// <summary>The model was done.</summary>
    public const string EosFound = "eosFound";

    /// <summary>A stop string was found.</summary>
    public const string StopStringFound = "stopStringFound";

    /// <summary>The model wants tools to be called.</summary>
    public const string ToolCalls = "toolCalls";

    /// <summary>The limit of tokens was reached.</summary>
    public const string MaxPredictedTokensReached = "maxPredictedTokensReached";

    /// <summary>The context is full.</summary>
    public const string ContextLengthReached = "contextLengthReached";

    /// <summary>LM Studio gave no reason.</summary>
    public const string Unknown = "unknown";
}
