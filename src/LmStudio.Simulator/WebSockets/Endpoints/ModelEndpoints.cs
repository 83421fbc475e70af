using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary>What <c>/llm</c> and <c>/embedding</c> have in common: looking at instances, loading and unloading within one domain.</summary>
internal sealed class ModelEndpoints(SimulatedLmStudio studio, ModelDomain domain)
{
    private static readonly Shape One = new Shape.Keys(("specifier", Shapes.Specifier));
    private static readonly Shape OneOrNone = new Shape.Keys(("specifier", Shapes.Specifier), ("throwIfNotFound", Shapes.Flag));

    private readonly Specifiers _specifiers = new(studio, domain);

    public IEnumerable<Endpoint> All() =>
    [
        RpcEndpoint.Immediate("listLoaded", Shapes.None, _ => Json.List(studio.Instances.Of(domain).Select(ModelJson.Instance))),
        RpcEndpoint.Immediate("getModelInfo", OneOrNone, call => Named(call) is { } instance ? ModelJson.Instance(instance) : null),
        RpcEndpoint.Immediate("getInstanceProcessingState", OneOrNone, call => Named(call) is { } instance ? State(instance) : null),
        RpcEndpoint.Immediate("getLoadConfig", One, call => ModelJson.Config(Required(call).LoadConfig)),
        RpcEndpoint.Immediate("getBasePredictionConfig", new Shape.Keys(
            ("specifier", Shapes.Specifier),
            ("ignoreServerSessionConfig", Shapes.OptionalFlag)), BasePrediction),
        RpcEndpoint.Immediate("estimateModelUsage", new Shape.Keys(
            ("modelKey", Shapes.Key),
            ("loadConfigStack", Shapes.ConfigStack),
            ("deviceIdentifier", Shapes.Device)), Estimate),
        RpcEndpoint.Immediate("unloadModel", new Shape.Keys(("identifier", Shapes.Key), ("deviceIdentifier", Shapes.Device)), Unload),
        RpcEndpoint.Immediate("tokenize", new Shape.Keys(("specifier", Shapes.Specifier), ("inputString", Shapes.Text)), Tokenize),
        RpcEndpoint.Immediate("countTokens", new Shape.Keys(("specifier", Shapes.Specifier), ("inputString", Shapes.Text)), CountTokens),
        new ChannelEndpoint("loadModel", new Shape.Keys(
            ("modelKey", Shapes.Key),
            ("identifier", new Shape.Optional(Shapes.Key)),
            ("ttlMs", Shapes.Milliseconds),
            ("deviceIdentifier", Shapes.Device),
            ("loadConfigStack", Shapes.ConfigStack)), Shapes.Cancel, LoadAsync),
        new ChannelEndpoint("getOrLoad", new Shape.Keys(
            ("identifier", Shapes.Text),
            ("loadTtlMs", Shapes.Milliseconds),
            ("deviceIdentifier", Shapes.Device),
            ("loadConfigStack", Shapes.ConfigStack)), Shapes.Cancel, GetOrLoadAsync),
    ];

    private LoadedInstance Required(EndpointCall call) => _specifiers.Require(call.Value("specifier")!.Value);

    private LoadedInstance? Named(EndpointCall call) => call.Flag("throwIfNotFound") ? Required(call) : _specifiers.Find(call.Value("specifier")!.Value);

    private static JsonObject State(LoadedInstance instance) => new()
    {
        ["status"] = ModelJson.Status(instance.State.Status),
        ["queued"] = instance.State.Queued,
    };

    private JsonObject BasePrediction(EndpointCall call)
    {
        Required(call);
        return ModelJson.Config(domain == ModelDomain.Llm ? PredictionConfig.Defaults : KvConfig.Empty);
    }

    private JsonObject Estimate(EndpointCall call)
    {
        var sent = new LoadRequest { ModelKey = call.Text("modelKey")!, Domain = domain, Config = KvConfig.FromStack(call.Value("loadConfigStack")!.Value) };
        var estimate = MemoryEstimate.Of(studio.Loading.Resolve(sent).Model, sent.Config, studio.Settings);
        return new JsonObject { ["memory"] = estimate.ToJson(), ["passesGuardrails"] = studio.Instances.HasRoom };
    }

    private JsonNode? Unload(EndpointCall call)
    {
        studio.Instances.Unload(call.Text("identifier")!, domain);
        return null;
    }

    private JsonObject Tokenize(EndpointCall call)
    {
        Required(call);
        return new JsonObject { ["tokens"] = Json.List(Tokenizer.Encode(call.Text("inputString")!).Select(token => (JsonNode)token)) };
    }

    private JsonObject CountTokens(EndpointCall call)
    {
        Required(call);
        return new JsonObject { ["tokenCount"] = Tokenizer.Count(call.Text("inputString")!) };
    }

    private async Task LoadAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        var request = Request(call, call.Text("modelKey")!, call.Whole("ttlMs")) with { Identifier = call.Text("identifier") };
        var loaded = false;
        var stopped = await channel.RunUntilAskedToStopAsync("cancel", async stop =>
        {
            await foreach (var step in studio.Loading.LoadAsync(request, stop))
            {
                loaded |= step is LoadEvent.Loaded;
                if (LoadMessage(step) is { } message) await channel.SendAsync(message, cancellationToken);
            }
        }, cancellationToken);
        if (stopped && !loaded) throw new ProtocolException(ProtocolError.Canceled);
    }

    private async Task GetOrLoadAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        var request = Request(call, call.Text("identifier")!, call.Whole("loadTtlMs"));
        var loaded = false;
        var stopped = await channel.RunUntilAskedToStopAsync("cancel", async stop =>
        {
            await foreach (var step in studio.Loading.GetOrLoadAsync(request, stop))
            {
                loaded |= step is LoadEvent.Loaded or LoadEvent.AlreadyLoaded;
                if (GetOrLoadMessage(step) is { } message) await channel.SendAsync(message, cancellationToken);
            }
        }, cancellationToken);
        if (stopped && !loaded) throw new ProtocolException(ProtocolError.Canceled);
    }

    private LoadRequest Request(EndpointCall call, string key, int? ttlMs) => new()
    {
        ModelKey = key,
        Domain = domain,
        Ttl = ttlMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null,
        Config = KvConfig.FromStack(call.Value("loadConfigStack")!.Value),
    };

    private static JsonObject? LoadMessage(LoadEvent step) => step switch
    {
        LoadEvent.Resolved resolved => Message("resolved", ModelJson.Info(resolved.Model))
            .With("ambiguous", resolved.Ambiguous.Count > 0 ? Json.Texts(resolved.Ambiguous) : null),
        LoadEvent.Progress progress => new JsonObject { ["type"] = "progress", ["progress"] = progress.Value },
        LoadEvent.Loaded loaded => Message("success", ModelJson.Instance(loaded.Instance)),
        _ => null,
    };

    private static JsonObject? GetOrLoadMessage(LoadEvent step) => step switch
    {
        LoadEvent.AlreadyLoaded already => Message("alreadyLoaded", ModelJson.Instance(already.Instance)),
        LoadEvent.UnloadingOther other => Message("unloadingOtherJITModel", ModelJson.Instance(other.Instance)),
        LoadEvent.Starting starting => Message("startLoading", ModelJson.Info(starting.Model)).With("identifier", starting.Identifier),
        LoadEvent.Progress progress => new JsonObject { ["type"] = "loadProgress", ["progress"] = progress.Value },
        LoadEvent.Loaded loaded => Message("loadSuccess", ModelJson.Instance(loaded.Instance)),
        _ => null,
    };

    private static JsonObject Message(string type, JsonObject info) => new() { ["type"] = type, ["info"] = info };
}
