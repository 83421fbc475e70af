using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /v1/completions</c>, and the same with figures at <c>/api/v0</c>: a prompt without a chat template.</summary>
internal static class CompletionRoutes
{
    public static void Map(RouteTable routes)
    {
        routes.Add("POST", "/v1/completions", exchange => AnswerAsync(exchange, withFigures: false));
        routes.Add("POST", "/api/v0/completions", exchange => AnswerAsync(exchange, withFigures: true));
    }

    private static async Task AnswerAsync(HttpExchange exchange, bool withFigures)
    {
        var body = exchange.Json();
        var request = new GenerationRequest { RawPrompt = Prompt(body), MaxTokens = body.Number("max_tokens"), StopStrings = body.Texts("stop") };
        var instance = await ModelChoice.ForAsync(exchange, body, ModelDomain.Llm);
        var (id, created) = (HttpExchange.NewId("cmpl-"), exchange.NowSeconds);
        JsonObject Reply(string text, string? finishReason) => new()
        {
            ["id"] = id,
            ["object"] = "text_completion",
            ["created"] = created,
            ["model"] = instance.Identifier,
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = text, ["logprobs"] = null, ["finish_reason"] = finishReason }),
        };

        if (body.Flag("stream"))
        {
            var usage = body.Object("stream_options") is { } options && options.Flag("include_usage");
            await Predictions.StreamAsync(
                exchange,
                gone => exchange.Studio.Generator.GenerateAsync(instance, request, gone),
                () => EventStream.StartAsync(exchange, EventStream.OpenAiError),
                (stream, step) => SendAsync(stream, step, Reply, usage));
            return;
        }

        var answer = await Predictions.CompleteAsync(exchange, instance, request);
        var reply = Reply(answer.Text, Predictions.FinishReason(answer.Stats.StopReason));
        reply["usage"] = ChatCompletionRoutes.Usage(answer.Stats);
        if (withFigures) Figures.AddTo(reply, instance, answer.Stats);
        else reply["stats"] = new JsonObject();
        await exchange.ReplyAsync(reply);
    }

    private static async ValueTask SendAsync(EventStream stream, GenerationEvent step, Func<string, string?, JsonObject> reply, bool usage)
    {
        if (step is GenerationEvent.Token token) await stream.SendAsync(reply(token.Text, null));
        if (step is not GenerationEvent.Finished finished) return;
        await stream.SendAsync(reply("", Predictions.FinishReason(finished.Stats.StopReason)));
        if (usage)
        {
            var last = reply("", null);
            last["choices"] = new JsonArray();
            last["usage"] = ChatCompletionRoutes.Usage(finished.Stats);
            await stream.SendAsync(last);
        }

        await stream.DoneAsync();
    }

    private static string Prompt(JsonElement body)
    {
        if (body.Field("prompt") is null) throw HttpError.Plain("'prompt' field is required");
        return string.Concat(body.OnlyTexts("prompt") ?? throw HttpError.Plain("'prompt' field must be a string or an array of strings"));
    }
}
