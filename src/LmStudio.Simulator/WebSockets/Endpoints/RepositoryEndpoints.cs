using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary><c>/repository</c>: finding models in the simulated hub and on the simulated Hugging Face, and downloading them.</summary>
internal sealed class RepositoryEndpoints(SimulatedLmStudio studio)
{
    private const int DefaultLimit = 10;
    private const string Catalog = "catalog";
    private const string HuggingFace = "hf";

    private static readonly Shape Limit = new Shape.Optional(new Shape.Number(Min: 1, Max: 25, Whole: true));
    private static readonly Shape Identifier = new Shape.Keys(("identifier", Shapes.Text));

    private static readonly Shape Plan = new Shape.Keys(
        ("target", new Shape.Union("type",
            ("artifact", new Shape.Keys(("owner", Shapes.Text), ("name", Shapes.Text))),
            ("model", new Shape.Keys(("source", new Shape.Union("type", ("huggingface", new Shape.Keys(("user", Shapes.Text), ("repo", Shapes.Text))))))))),
        ("opts", new Shape.Optional(new Shape.Keys(
            ("resolutionPreference", new Shape.Optional(new Shape.ListOf(new Shape.Union("type",
                ("quantName", new Shape.Keys(("quantName", Shapes.Text))),
                ("fileName", new Shape.Keys(("fileName", Shapes.Text))))))),
            ("compatibilityTypes", Shapes.CompatibilityTypes)))));

    private static readonly Shape PlanMessage = new Shape.Union("type",
        ("setSelectedDownloadOptionIndex", new Shape.Keys(
            ("nodeIndex", Shapes.Whole), ("selectedDownloadOptionIndex", new Shape.Nullable(Shapes.Whole)), ("requestedPlanVersion", Shapes.Whole))),
        ("commit", new Shape.Keys()),
        ("cancelPlan", new Shape.Keys()),
        ("cancelDownload", new Shape.Keys()));

    public IEnumerable<Endpoint> All() =>
    [
        RpcEndpoint.Immediate("searchModels", new Shape.Keys(("opts", new Shape.Keys(
            ("searchTerm", Shapes.OptionalText), ("limit", Limit), ("compatibilityTypes", Shapes.CompatibilityTypes)))), Search),
        RpcEndpoint.Immediate("getModelDownloadOptions", new Shape.Keys(
            ("modelSearchResultIdentifier", new Shape.Union("type", (Catalog, Identifier), (HuggingFace, Identifier)))), Options),
        RpcEndpoint.Immediate("fuzzyFindStaffPicks", new Shape.Keys(
            ("searchTerm", Shapes.OptionalText), ("limit", Limit), ("compatibilityTypes", Shapes.CompatibilityTypes)), StaffPicks),
        RpcEndpoint.Immediate("lmLinkStatus", Shapes.None, _ => new JsonObject
        {
            ["status"] = "offline",
            ["issues"] = Json.Texts(["notLoggedIn"]),
            ["peers"] = new JsonArray(),
            ["deviceIdentifier"] = null,
            ["deviceName"] = "simulator",
        }),
        new ChannelEndpoint("downloadModel", new Shape.Keys(("downloadIdentifier", Shapes.Text)), Shapes.Cancel, DownloadAsync),
        new ChannelEndpoint("createDownloadPlan", Plan, PlanMessage, PlanAsync),
    ];

    private static JsonObject Search(EndpointCall call)
    {
        var options = new EndpointCall(call.Value("opts")!.Value);
        var term = options.Text("searchTerm");
        return Results(Found(options, term).Select(model => new JsonObject
        {
            ["name"] = model.Id,
            ["identifier"] = new JsonObject { ["type"] = Source(model), ["identifier"] = model.Id },
            ["exact"] = model.Id.Equals(term, StringComparison.OrdinalIgnoreCase),
            ["staffPick"] = model.IsCatalog,
        }));
    }

    private static JsonObject StaffPicks(EndpointCall call)
    {
        var term = call.Text("searchTerm");
        return Results(Found(call, term).Where(model => model.IsCatalog).Select(model => new JsonObject
        {
            ["owner"] = model.Owner,
            ["name"] = model.Name,
            ["revisionNumber"] = 1,
            ["createdAtTimestamp"] = 0,
            ["description"] = model.Id,
            ["exact"] = model.Id.Equals(term, StringComparison.OrdinalIgnoreCase),
        }));
    }

    /// <summary>Every model of the simulated world is a GGUF one, so any other format finds nothing.</summary>
    private static IEnumerable<DownloadableModel> Found(EndpointCall options, string? term)
    {
        var formats = options.Value("compatibilityTypes");
        if (formats is { } wanted && !wanted.EnumerateArray().Any(format => format.ValueEquals("gguf"))) return [];
        return Downloads.Search(term, options.Whole("limit") ?? DefaultLimit);
    }

    private static JsonObject Options(EndpointCall call)
    {
        var identifier = new EndpointCall(call.Value("modelSearchResultIdentifier")!.Value);
        var (model, _) = Model(identifier.Text("type")!, identifier.Text("identifier")!, null);
        return Results(model.Options.Select(option => new JsonObject
        {
            ["quantization"] = option.Quant,
            ["name"] = model.Name,
            ["sizeBytes"] = option.SizeBytes,
            ["fitEstimation"] = "fullGPUOffload",
            ["recommended"] = option.Recommended,
            ["downloadIdentifier"] = $"{Source(model)}:{model.Id}:{option.Quant}",
            ["indexedModelIdentifier"] = model.FileOf(option),
            ["compatibilityType"] = "gguf",
        }));
    }

    private async Task DownloadAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        var identifier = call.Text("downloadIdentifier")!;
        var parts = identifier.Split(':');
        if (parts is not [Catalog or HuggingFace, _, _]) throw new ProtocolException(new ProtocolError($"Invalid download identifier \"{identifier}\""));
        var (model, option) = Model(parts[0], parts[1], parts[2]);
        await new DownloadConversation(studio, channel).DownloadAsync(model, option, "cancel", cancellationToken);
        await channel.SendAsync(new JsonObject { ["type"] = "success", ["defaultIdentifier"] = studio.Downloads.KeyOf(model, option) }, cancellationToken);
    }

    private async Task PlanAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        var target = new EndpointCall(call.Value("target")!.Value);
        var (model, option) = target.Text("type") == "artifact"
            ? Model(Catalog, $"{target.Text("owner")}/{target.Text("name")}", null)
            : HuggingFaceModel(new EndpointCall(target.Value("source")!.Value));
        var plan = new DownloadPlan(studio.Downloads, model, Preferred(model, call) ?? option);
        await new DownloadConversation(studio, channel).PlanAsync(plan, cancellationToken);
    }

    private static (DownloadableModel, DownloadOption) HuggingFaceModel(EndpointCall source) =>
        Model(HuggingFace, $"{source.Text("user")}/{source.Text("repo")}", null);

    /// <summary>The first preference that the model can meet, or null.</summary>
    private static DownloadOption? Preferred(DownloadableModel model, EndpointCall call)
    {
        var preferences = new EndpointCall(call.Value("opts") ?? default).Value("resolutionPreference");
        if (preferences is null) return null;
        return preferences.Value.EnumerateArray().Select(preference => new EndpointCall(preference))
            .Select(preference => preference.Text("quantName") is { } quant
                ? model.Option(quant)
                : model.Options.FirstOrDefault(option => option.FileName == preference.Text("fileName")))
            .FirstOrDefault(option => option is not null);
    }

    private static (DownloadableModel Model, DownloadOption Option) Model(string source, string id, string? quant) =>
        Downloads.Find(source == HuggingFace ? $"https://huggingface.co/{id}" : id, quant);

    private static string Source(DownloadableModel model) => model.IsCatalog ? Catalog : HuggingFace;

    private static JsonObject Results(IEnumerable<JsonObject> results) => new() { ["results"] = Json.List(results) };
}
