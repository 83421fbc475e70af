using System.Globalization;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary><c>/system</c>: what is downloaded, what runs, and switching the HTTP server. The simulator plays llmster, the app without a window.</summary>
internal sealed class SystemEndpoints(SimulatedLmStudio studio, Action shutDown)
{
    private const int Build = 2;

    public IEnumerable<Endpoint> All() =>
    [
        RpcEndpoint.Immediate("listDownloadedModels", Shapes.None, _ => Json.List(studio.Models.List().Select(model => ModelJson.Info(model)))),
        RpcEndpoint.Immediate("listDownloadedModelVariants", new Shape.Keys(("modelKey", Shapes.Text)), Variants),
        RpcEndpoint.Immediate("version", Shapes.None, _ => new JsonObject { ["version"] = studio.Settings.AppVersion, ["build"] = Build }),
        RpcEndpoint.Immediate("info", Shapes.None, _ => Info()),
        RpcEndpoint.Immediate("notify", new Shape.Keys(
            ("title", Shapes.Text),
            ("description", Shapes.OptionalText),
            ("noAutoDismiss", Shapes.OptionalFlag)), Notify),
        RpcEndpoint.Immediate("startHttpServer", new Shape.Keys(
            ("port", new Shape.Optional(new Shape.Number(Min: 1, Max: 65535, Whole: true))),
            ("cors", Shapes.OptionalFlag),
            ("networkInterface", Shapes.OptionalText)), _ => Switch(on: true)),
        RpcEndpoint.Immediate("stopHttpServer", Shapes.None, _ => Switch(on: false)),
        RpcEndpoint.Immediate("requestShutdown", Shapes.None, _ => null) with { Afterwards = shutDown },
        RpcEndpoint.Immediate("getExperimentFlags", Shapes.None, _ => new JsonArray()),
        new ChannelEndpoint("alive", Shapes.None, new Shape.Union("type"),
            (_, _, ended) => Task.Delay(Timeout.InfiniteTimeSpan, studio.Settings.TimeProvider, ended)),
    ];

    private JsonArray Variants(EndpointCall call)
    {
        var model = studio.Loading.Resolve(new LoadRequest { ModelKey = call.Text("modelKey")! }).Model;
        return Json.List(model.Variants.Select(variant => ModelJson.Info(model, variant)));
    }

    private JsonObject Info() => new()
    {
        ["pid"] = Environment.ProcessId,
        ["isDaemon"] = true,
        ["version"] = string.Create(CultureInfo.InvariantCulture, $"{studio.Settings.AppVersion}+{Build}"),
    };

    private JsonNode? Notify(EndpointCall call)
    {
        studio.Log.Server("info", $"Notification: {call.Text("title")}");
        return null;
    }

    private JsonNode? Switch(bool on)
    {
        studio.HttpServerRunning = on;
        return null;
    }
}
