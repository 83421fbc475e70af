using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>What only <c>/llm</c> does: predicting, and showing the prompt that a chat becomes.</summary>
internal sealed class LlmEndpoints(SimulatedLmStudio studio)
{
    private readonly Specifiers _specifiers = new(studio, ModelDomain.Llm);

    public IEnumerable<Endpoint> All() =>
    [
        new ChannelEndpoint("predict", Prediction(("history", Shapes.History)), Shapes.Cancel, PredictAsync),
        new ChannelEndpoint("completeRawText", Prediction(("rawPrompt", Shapes.Text)), Shapes.Cancel, PredictAsync),
        RpcEndpoint.Immediate("applyPromptTemplate", new Shape.Keys(
            ("specifier", Shapes.Specifier),
            ("history", Shapes.History),
            ("predictionConfigStack", Shapes.ConfigStack),
            ("opts", new Shape.Keys(("omitBosToken", Shapes.OptionalFlag), ("omitEosToken", Shapes.OptionalFlag)))), ApplyTemplate),
        RpcEndpoint.Immediate("preloadDraftModel", new Shape.Keys(("specifier", Shapes.Specifier), ("draftModelKey", Shapes.Text)), PreloadDraft),
    ];

    private static Shape.Keys Prediction((string, Shape) prompt) => new(
        ("modelSpecifier", Shapes.Specifier),
        prompt,
        ("predictionConfigStack", Shapes.ConfigStack),
        ("fuzzyPresetIdentifier", Shapes.OptionalText),
        ("ignoreServerSessionConfig", Shapes.OptionalFlag));

    private JsonObject ApplyTemplate(EndpointCall call)
    {
        _specifiers.Require(call.Value("specifier")!.Value);
        return new JsonObject { ["formatted"] = Tokenizer.ApplyTemplate(Request(call)) };
    }

    private JsonNode? PreloadDraft(EndpointCall call)
    {
        _specifiers.Require(call.Value("specifier")!.Value);
        studio.Loading.Resolve(new LoadRequest { ModelKey = call.Text("draftModelKey")!, Domain = ModelDomain.Llm });
        return null;
    }

    /// <summary>A cancel ends the prediction as a success that says so, and so does the unloading of its model.</summary>
    private async Task PredictAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        var instance = _specifiers.Require(call.Value("modelSpecifier")!.Value);
        var config = KvConfig.FromStack(call.Value("predictionConfigStack")!.Value);
        var request = PredictionConfig.Apply(Request(call), config);
        await channel.RunUntilAskedToStopAsync("cancel", async stop =>
        {
            await foreach (var step in studio.Generator.GenerateAsync(instance, request with { Stop = stop }, cancellationToken))
                foreach (var message in PredictionMessages.Of(step, instance, config))
                    await channel.SendAsync(message, cancellationToken);
        }, cancellationToken);
    }

    private GenerationRequest Request(EndpointCall call)
    {
        if (call.Text("rawPrompt") is { } raw) return new GenerationRequest { RawPrompt = raw };
        var messages = History.Read(call.Value("history")!.Value, studio.Files);
        return IsCompletion(call.Value("predictionConfigStack")!.Value)
            ? new GenerationRequest { RawPrompt = string.Concat(messages.Select(message => message.Text)) }
            : new GenerationRequest { Messages = messages };
    }

    /// <summary>Older clients complete raw text by a chat whose template adds nothing, in a layer of this name.</summary>
    private static bool IsCompletion(JsonElement stack) =>
        stack.GetProperty("layers").EnumerateArray().Any(layer => layer.GetProperty("layerName").GetString() == "completeModeFormatting");
}
