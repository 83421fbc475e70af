using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator.Http;

/// <summary><c>POST /api/v1/chat</c>: stateful, strict, with events for loading and prompt processing when streamed.</summary>
internal sealed class NativeChatRoutes(Conversations conversations)
{
    public void Map(RouteTable routes) => routes.Add("POST", "/api/v1/chat", AnswerAsync);

    private async Task AnswerAsync(HttpExchange exchange)
    {
        var body = NativeChatPrompt.Body(exchange);
        var request = NativeChatPrompt.Read(body, Earlier(body));
        var chat = new NativeChat(exchange, stored: body.Field("store") is not { ValueKind: JsonValueKind.False });
        try
        {
            var instance = await LoadAsync(exchange, body, request, chat);
            if (chat.Stream is null && !chat.IsStreamed)
            {
                chat.Add(await Predictions.CompleteAsync(exchange, instance, request));
                await exchange.ReplyAsync(chat.Result());
            }
            else
            {
                await Predictions.StreamAsync(
                    exchange,
                    gone => exchange.Studio.Generator.GenerateAsync(instance, request, gone),
                    chat.OpenAsync,
                    chat.SendAsync);
                await chat.EndAsync();
            }
        }
        catch (EngineException exception)
        {
            if (chat.Stream is null) throw HttpError.Native(exception.Error);
            await chat.FailAsync(exception.Message);
        }
        catch (HttpErrorException exception) when (exception.Body["error"] is not JsonObject)
        {
            throw HttpError.Native(exception.Status, "invalid_request", exception.Message);
        }

        if (chat.ResponseId is { } id) conversations.Store(id, [.. request.Messages, new PromptMessage("assistant", chat.Text)]);
    }

    /// <summary>Finds or loads the instance; a streamed chat reports the load.</summary>
    private static async Task<LoadedInstance> LoadAsync(HttpExchange exchange, JsonElement body, GenerationRequest request, NativeChat chat)
    {
        var (studio, key) = (exchange.Studio, body.Text("model")!);
        chat.IsStreamed = body.Flag("stream");
        if (!studio.Settings.JustInTimeLoading && studio.Instances.Find(new InstanceQuery { Domain = ModelDomain.Llm, Identifier = key }) is null
            && studio.Instances.Find(new InstanceQuery { Domain = ModelDomain.Llm, Path = key }) is null)
            throw HttpError.Native(400, "invalid_request", HttpError.NoModelsLoaded, null, "model");
        var config = body.Number("context_length") is { } context
            ? KvConfig.Empty.With(LoadConfigSchema.AutoFit, "false").With(LoadConfigSchema.LlmContextLength, $"{context}")
            : KvConfig.Empty;
        LoadedInstance? instance = null;
        await foreach (var step in studio.Loading.GetOrLoadAsync(new LoadRequest { ModelKey = key, Domain = ModelDomain.Llm, Config = config }, exchange.Gone))
        {
            if (step is LoadEvent.Starting starting) Check(starting.Model, request);
            instance = await chat.LoadStepAsync(step) ?? instance;
        }

        Check(instance!.Model, request);
        return instance;
    }

    private static void Check(SimulatedModel model, GenerationRequest request)
    {
        if (request.Reasoning && !model.Reasons) throw NativeChatPrompt.Invalid("reasoning", $"is not supported by model \"{model.Key}\"");
        if (!model.Vision && request.Messages.Any(message => message.Images.Count > 0))
            throw NativeChatPrompt.Invalid("input", "contains images, but the model does not support images");
    }

    private IReadOnlyList<PromptMessage> Earlier(JsonElement body)
    {
        if (body.Text("previous_response_id") is not { } id) return [];
        return conversations.Find(id) ?? throw NativeChatPrompt.Invalid("previous_response_id", "was not found");
    }
}
