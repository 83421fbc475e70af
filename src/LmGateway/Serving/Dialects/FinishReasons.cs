using System.Text.Json;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// The reasons of other APIs and runtimes (LM Studio's native ones, Ollama's, Anthropic's) in the five words that OpenAI's clients
/// know; some of them throw at any other.
/// </summary>
internal static class FinishReasons
{
    public const string Stop = "stop";
    public const string Length = "length";
    public const string ToolCalls = "tool_calls";

    /// <summary>The reader's string; the usual ones are no new strings.</summary>
    public static string? Read(ref Utf8JsonReader reader) =>
        JsonText.Is(ref reader, "stop"u8) ? Stop : JsonText.Is(ref reader, "length"u8) ? Length : JsonText.Is(ref reader, "tool_calls"u8) ? ToolCalls : JsonText.Read(ref reader);

    /// <summary>Null for a generation that failed.</summary>
    public static string? Map(string reason) => reason switch
    {
        "stop" or "length" or "tool_calls" or "content_filter" or "function_call" => reason,
        "maxPredictedTokensReached" or "contextLengthReached" or "max_tokens" or "max_output_tokens" or "model_length" or "model_context_window_exceeded" => Length,
        "toolCalls" or "tool_use" or "tool_call" => ToolCalls,
        "refusal" or "safety" => "content_filter",
        "failed" or "modelUnloaded" or "error" => null,
        // eosFound, stopStringFound, userStopped, end_turn, stop_sequence, load, unload, and whatever comes.
        _ => Stop,
    };
}
