using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms ps</c>: what is loaded and what it is doing.</summary>
internal static class ProcessesCommand
{
    private static readonly string[] Heading = ["IDENTIFIER", "MODEL", "STATUS", "SIZE", "CONTEXT", "PARALLEL", "DEVICE", "TTL"];

    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, [.. LmsContext.Connection, "json"]);
        using var app = await context.FindAppAsync(line, cancellationToken);
        var loaded = new List<JsonObject>();
        foreach (var (domain, info) in await app.LoadedAsync(cancellationToken)) loaded.Add(await DescribeAsync(app, domain, info, cancellationToken));
        if (line.Has("json"))
            context.Terminal.WriteLine(JsonText.Of(Json.List(loaded)));
        else if (loaded.Count == 0)
            context.Terminal.Info("No models are currently loaded.\n\nTo load a model, run:\n\n    lms load <model path>");
        else
            context.Terminal.WriteLine("\n" + LmsText.Table([Heading, .. loaded.Select(model => Row(model, context.TimeProvider))]));
    }

    /// <summary>The instance without its reference, with its state and the number of predictions it runs at once.</summary>
    private static async Task<JsonObject> DescribeAsync(LmsApp app, string domain, JsonElement info, CancellationToken cancellationToken)
    {
        var described = JsonObject.Create(info)!;
        described.Remove("instanceReference");
        var specifier = new JsonObject { ["type"] = "instanceReference", ["instanceReference"] = info.GetProperty("instanceReference").GetString() };
        var named = new JsonObject { ["specifier"] = specifier.DeepClone(), ["throwIfNotFound"] = true };
        var state = await app.CallAsync(domain, "getInstanceProcessingState", cancellationToken, named);
        described["status"] = state.GetProperty("status").GetString();
        described["queued"] = state.GetProperty("queued").GetInt32();
        var config = KvConfig.FromConfig(await app.CallAsync(domain, "getLoadConfig", cancellationToken, new JsonObject { ["specifier"] = specifier }));
        described["parallel"] = config.Int(LoadConfigSchema.ParallelSessions);
        return described;
    }

    private static string[] Row(JsonObject model, TimeProvider time) =>
    [
        model["identifier"]!.GetValue<string>(),
        model["modelKey"]!.GetValue<string>(),
        model["status"]!.GetValue<string>().ToUpperInvariant(),
        LmsText.DecimalSize(model["sizeBytes"]!.GetValue<long>()),
        model["contextLength"]!.ToJsonString(),
        model["parallel"]?.ToJsonString() ?? "-",
        "Local",
        TimeToLive(model, time),
    ];

    private static string TimeToLive(JsonObject model, TimeProvider time)
    {
        if (model["ttlMs"]?.GetValue<long>() is not { } ttl) return "";
        var idle = model["lastUsedTime"]?.GetValue<long>() is { } last ? time.GetUtcNow().ToUnixTimeMilliseconds() - last : 0;
        return $"{Span(Math.Max(0, ttl - idle))} / {Span(ttl)}";
    }

    private static string Span(long milliseconds)
    {
        var span = TimeSpan.FromMilliseconds(milliseconds);
        return span.TotalMinutes < 1 ? $"{span.Seconds}s" : span.TotalHours < 1 || span.Minutes > 0 ? $"{(int)span.TotalMinutes}m" : $"{(int)span.TotalHours}h";
    }
}
