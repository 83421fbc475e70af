using System.Text.Json;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /v1/responses</c>: stateful, streamed or whole.</summary>
internal sealed class ResponsesRoutes(Conversations conversations)
{
    public void Map(RouteTable routes) => routes.Add("POST", "/v1/responses", AnswerAsync);

    private async Task AnswerAsync(HttpExchange exchange)
    {
        var body = exchange.Json();
        var earlier = Earlier(body);
        var request = ResponsesPrompt.Read(body, earlier);
        var instance = await ModelChoice.ForAsync(exchange, body, ModelDomain.Llm);
        ImageUrl.Check(instance, request);
        var response = new ResponseObject(exchange, instance, body);
        if (body.Flag("stream"))
        {
            var events = new ResponseEvents(response);
            await Predictions.StreamAsync(
                exchange,
                gone => exchange.Studio.Generator.GenerateAsync(instance, request, gone),
                () => EventStream.StartAsync(exchange, events.Error),
                events.SendAsync);
        }
        else
        {
            var answer = await Predictions.CompleteAsync(exchange, instance, request);
            if (answer.Reasoning.Length > 0) response.Output.Add(ResponseObject.Reasoning(answer.Reasoning));
            foreach (var call in answer.ToolCalls) response.Output.Add(ResponseObject.FunctionCall(call, "completed"));
            if (answer.ToolCalls.Count == 0) response.Output.Add(ResponseObject.Message(HttpExchange.NewId("msg_"), answer.Text, "completed"));
            response.Stats = answer.Stats;
            await exchange.ReplyAsync(response.ToJson());
        }

        if (body.Field("store") is not { ValueKind: JsonValueKind.False }) conversations.Store(response.Id, [.. request.Messages, response.Turn()]);
    }

    private IReadOnlyList<PromptMessage> Earlier(JsonElement body)
    {
        if (body.Text("previous_response_id") is not { } id) return [];
        return conversations.Find(id)
            ?? throw HttpError.OpenAi($"Previous response with id '{id}' not found.", "previous_response_id", "previous_response_not_found", 404);
    }
}
