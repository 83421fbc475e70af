using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /v1/chat/completions</c>, and the same with figures at <c>/api/v0</c>.</summary>
internal static class ChatCompletionRoutes
{
    public static void Map(RouteTable routes)
    {
        routes.Add("POST", "/v1/chat/completions", exchange => AnswerAsync(exchange, withFigures: false));
        routes.Add("POST", "/api/v0/chat/completions", exchange => AnswerAsync(exchange, withFigures: true));
    }

    /// <summary>The usage object.</summary>
    public static JsonObject Usage(GenerationStats stats)
    {
        var usage = new JsonObject
        {
            ["prompt_tokens"] = stats.PromptTokens,
            ["completion_tokens"] = stats.PredictedTokens,
            ["total_tokens"] = stats.PromptTokens + stats.PredictedTokens,
        };
        if (stats.ReasoningTokens > 0) usage["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = stats.ReasoningTokens };
        return usage;
    }

    private static async Task AnswerAsync(HttpExchange exchange, bool withFigures)
    {
        var body = exchange.Json();
        var request = ChatPrompt.Read(body);
        var instance = await ModelChoice.ForAsync(exchange, body, ModelDomain.Llm);
        ImageUrl.Check(instance, request);
        if (body.Flag("stream"))
        {
            var chunks = new ChatChunks(exchange, instance, body.Object("stream_options") is { } options && options.Flag("include_usage"));
            await Predictions.StreamAsync(
                exchange,
                gone => exchange.Studio.Generator.GenerateAsync(instance, request, gone),
                () => EventStream.StartAsync(exchange, EventStream.OpenAiError),
                chunks.SendAsync);
            return;
        }

        var answer = await Predictions.CompleteAsync(exchange, instance, request);
        var reply = Completion(exchange, instance, answer);
        if (withFigures) Figures.AddTo(reply, instance, answer.Stats);
        else reply["stats"] = new JsonObject();
        await exchange.ReplyAsync(reply);
    }

    private static JsonObject Completion(HttpExchange exchange, LoadedInstance instance, Answer answer) => new()
    {
        ["id"] = HttpExchange.NewId("chatcmpl-"),
        ["object"] = "chat.completion",
        ["created"] = exchange.NowSeconds,
        ["model"] = instance.Identifier,
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = Message(exchange, answer),
            ["logprobs"] = null,
            ["finish_reason"] = Predictions.FinishReason(answer.Stats.StopReason),
        }),
        ["usage"] = Usage(answer.Stats),
        ["system_fingerprint"] = instance.Identifier,
    };

    private static JsonObject Message(HttpExchange exchange, Answer answer)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = answer.Text };
        var reasoningField = exchange.Studio.Settings.ReasoningField == ReasoningField.Reasoning ? "reasoning" : "reasoning_content";
        if (answer.Reasoning.Length > 0) message[reasoningField] = answer.Reasoning;
        if (answer.ToolCalls.Count == 0) return message;
        message["tool_calls"] = new JsonArray([.. answer.ToolCalls.Select(call => new JsonObject
        {
            ["type"] = "function",
            ["id"] = call.Id,
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
        })]);
        return message;
    }
}
