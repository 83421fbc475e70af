using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary>The object of the Responses API, as it grows.</summary>
internal sealed class ResponseObject(HttpExchange exchange, LoadedInstance instance, JsonElement body)
{
    private readonly long _created = exchange.NowSeconds;

    public string Id { get; } = HttpExchange.NewResponseId();

    public List<JsonObject> Output { get; } = [];

    /// <summary>Set when the generation has ended.</summary>
    public GenerationStats? Stats { get; set; }

    /// <summary>Set when it failed.</summary>
    public string? Failure { get; set; }

    public bool IsIncomplete => Stats?.StopReason is StopReason.MaxPredictedTokensReached or StopReason.ContextLengthReached;

    private string Status => Failure is not null ? "failed" : Stats is null ? "in_progress" : IsIncomplete ? "incomplete" : "completed";

    public JsonObject ToJson() => new()
    {
        ["id"] = Id,
        ["object"] = "response",
        ["created_at"] = _created,
        ["completed_at"] = Stats is null || IsIncomplete ? null : exchange.NowSeconds,
        ["status"] = Status,
        ["error"] = Failure is null ? null : new JsonObject { ["code"] = "server_error", ["message"] = Failure },
        ["incomplete_details"] = IsIncomplete ? new JsonObject { ["reason"] = "max_output_tokens" } : null,
        ["instructions"] = body.Text("instructions"),
        ["max_output_tokens"] = body.Number("max_output_tokens"),
        ["model"] = instance.Identifier,
        ["output"] = new JsonArray([.. Output.Select(item => item.DeepClone())]),
        ["parallel_tool_calls"] = true,
        ["previous_response_id"] = body.Text("previous_response_id"),
        ["store"] = body.Field("store") is not { ValueKind: JsonValueKind.False },
        ["temperature"] = 1.0,
        ["top_p"] = 1.0,
        ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
        ["tool_choice"] = body.Text("tool_choice") ?? "auto",
        ["tools"] = new JsonArray([.. body.Items("tools").Select(tool => JsonNode.Parse(tool.GetRawText()))]),
        ["metadata"] = new JsonObject(),
        ["usage"] = Stats is null ? null : Usage(Stats),
    };

    /// <summary>The answer as a turn of the conversation.</summary>
    public PromptMessage Turn() => new("assistant", string.Concat(OutputOf("message").Select(item => Text(item["content"]![0]!, "text"))))
    {
        ToolCalls = [.. OutputOf("function_call").Select(item => new ToolCall(Text(item, "call_id"), Text(item, "name"), Text(item, "arguments")))],
    };

    public static JsonObject Message(string id, string? text, string status) => new()
    {
        ["id"] = id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["status"] = status,
        ["content"] = text is null ? [] : new JsonArray(TextPart(text)),
    };

    public static JsonObject TextPart(string text) => new()
    {
        ["type"] = "output_text",
        ["text"] = text,
        ["annotations"] = new JsonArray(),
        ["logprobs"] = new JsonArray(),
    };

    public static JsonObject Reasoning(string text, string? id = null) => new()
    {
        ["id"] = id ?? HttpExchange.NewId("rs_"),
        ["type"] = "reasoning",
        ["summary"] = new JsonArray(),
        ["content"] = text.Length == 0 ? [] : new JsonArray(new JsonObject { ["type"] = "reasoning_text", ["text"] = text }),
    };

    public static JsonObject FunctionCall(ToolCall call, string status, string? id = null) => new()
    {
        ["id"] = id ?? HttpExchange.NewId("fc_"),
        ["type"] = "function_call",
        ["call_id"] = call.Id,
        ["name"] = call.Name,
        ["arguments"] = call.Arguments,
        ["status"] = status,
    };

    private IEnumerable<JsonObject> OutputOf(string type) => Output.Where(item => Text(item, "type") == type);

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();

    private static JsonObject Usage(GenerationStats stats) => new()
    {
        ["input_tokens"] = stats.PromptTokens,
        ["output_tokens"] = stats.PredictedTokens,
        ["total_tokens"] = stats.PromptTokens + stats.PredictedTokens,
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = stats.ReasoningTokens },
    };
}
