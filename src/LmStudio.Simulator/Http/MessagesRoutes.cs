using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /v1/messages</c>, Anthropic's API. There is no <c>count_tokens</c>.</summary>
internal static class MessagesRoutes
{
    public const string Path = "/v1/messages";

    public static void Map(RouteTable routes) => routes.Add("POST", Path, AnswerAsync);

    private static async Task AnswerAsync(HttpExchange exchange)
    {
        try
        {
            await TryAnswerAsync(exchange);
        }
        catch (HttpErrorException exception) when (!exception.Body.ContainsKey("type"))
        {
            throw HttpError.Anthropic(exception.Status, exception.Status == 404 ? "not_found_error" : "invalid_request_error", exception.Message);
        }
    }

    private static async Task TryAnswerAsync(HttpExchange exchange)
    {
        var body = exchange.Json();
        var request = MessagesPrompt.Read(body);
        var instance = await ModelChoice.ForAsync(exchange, body, ModelDomain.Llm);
        ImageUrl.Check(instance, request);
        if (body.Flag("stream"))
        {
            var events = new MessageEvents(instance, Tokenizer.CountPrompt(request));
            await Predictions.StreamAsync(
                exchange,
                gone => exchange.Studio.Generator.GenerateAsync(instance, request, gone),
                () => EventStream.StartAsync(exchange, MessageEvents.Error),
                events.SendAsync);
            return;
        }

        var answer = await Predictions.CompleteAsync(exchange, instance, request);
        await exchange.ReplyAsync(Message(instance, Content(answer), answer.Stats));
    }

    /// <summary>A whole message; without figures its end is still open, as at the beginning of a stream.</summary>
    public static JsonObject Message(LoadedInstance instance, JsonArray content, GenerationStats? stats, int inputTokens = 0) => new()
    {
        ["id"] = HttpExchange.NewId("msg_"),
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = instance.Identifier,
        ["content"] = content,
        ["stop_reason"] = stats is null ? null : StopReasonOf(stats),
        ["stop_sequence"] = stats?.StopString,
        ["usage"] = new JsonObject { ["input_tokens"] = stats?.PromptTokens ?? inputTokens, ["output_tokens"] = stats?.PredictedTokens ?? 0 },
    };

    public static string StopReasonOf(GenerationStats stats) => stats.StopReason switch
    {
        StopReason.MaxPredictedTokensReached or StopReason.ContextLengthReached => "max_tokens",
        StopReason.StopStringFound => "stop_sequence",
        StopReason.ToolCalls => "tool_use",
        _ => "end_turn",
    };

    private static JsonArray Content(Answer answer)
    {
        var content = new JsonArray();
        if (answer.Reasoning.Length > 0) content.Add(new JsonObject { ["type"] = "thinking", ["thinking"] = answer.Reasoning, ["signature"] = "simulated" });
        if (answer.Text.Length > 0) content.Add(new JsonObject { ["type"] = "text", ["text"] = answer.Text });
        foreach (var call in answer.ToolCalls)
            content.Add(new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = JsonNode.Parse(call.Arguments) });
        return content;
    }
}
