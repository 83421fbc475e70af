using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms get</c>: resolves a download plan, shows it, and follows the download with a progress bar on standard output.</summary>
internal static class GetCommand
{
    private const string HuggingFace = "https://huggingface.co/";
    private const string Hub = "https://lmstudio.ai/models/";

    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, [.. LmsContext.Connection, "gguf", "mlx", "yes|y", "select"]);
        if (line.Has("select")) throw LmsExit.Error("--select requires an interactive terminal.");
        var parts = (line.Operands.FirstOrDefault() ?? throw LmsExit.Error("A model name is required when there is no terminal.")).Split('@');
        if (parts.Length > 2) throw LmsExit.Error("Invalid model name: more than one @.");
        using var app = await context.FindAppAsync(line, cancellationToken);
        var target = await TargetAsync(context, app, parts[0], cancellationToken);
        await DownloadAsync(context, app, new Order(target, parts.ElementAtOrDefault(1), line.Has("yes")), cancellationToken);
    }

    private static async Task<JsonObject> TargetAsync(LmsContext context, LmsApp app, string name, CancellationToken cancellationToken)
    {
        if (name.StartsWith(HuggingFace, StringComparison.Ordinal) && name[HuggingFace.Length..].Split('/') is [var user, var repo, ..])
            return new JsonObject { ["type"] = "model", ["source"] = new JsonObject { ["type"] = "huggingface", ["user"] = user, ["repo"] = repo } };
        var id = name.StartsWith(Hub, StringComparison.Ordinal) ? name[Hub.Length..] : name;
        if (id.ToLowerInvariant().Split('/') is [var owner, var model]) return new JsonObject { ["type"] = "artifact", ["owner"] = owner, ["name"] = model };
        context.Terminal.Info($"Searching staff picks with the term {name}");
        var found = await app.CallAsync("repository", "fuzzyFindStaffPicks", cancellationToken, new JsonObject { ["searchTerm"] = name });
        var names = found.GetProperty("results").EnumerateArray()
            .Select(pick => $"{pick.GetProperty("owner").GetString()}/{pick.GetProperty("name").GetString()}")
            .ToList();
        if (names.Count == 0) throw LmsExit.Error("No staff picks found with the specified search criteria.");
        LmsPrompt.Select(context.Terminal, "Select a model to download", names);
        throw new LmsExit(text: null);
    }

    private static async Task DownloadAsync(LmsContext context, LmsApp app, Order order, CancellationToken cancellationToken)
    {
        var socket = await app.SocketAsync("repository", cancellationToken);
        var id = await socket.CreateAsync("createDownloadPlan", order.Parameter(), cancellationToken);
        var screen = new PlanScreen(context.Terminal, order.Confirmed);
        var bar = new ProgressBar(context.Terminal);
        var nothingToDo = false;
        await foreach (var message in socket.MessagesAsync(cancellationToken))
        {
            switch (message.GetProperty("type").GetString())
            {
                case "planUpdated": screen.Resolving(message.GetProperty("plan")); break;
                case "planReady":
                    nothingToDo = message.GetProperty("plan").GetProperty("downloadAction").ValueEquals("none");
                    screen.Ready(message.GetProperty("plan"));
                    order.CheckVariant(message.GetProperty("plan"));
                    await socket.SendAsync(id, nothingToDo ? "cancelPlan" : "commit", cancellationToken);
                    break;
                case "downloadProgress": bar.Show(message.GetProperty("update")); break;
                case "startFinalizing": bar.End(); context.Terminal.Info("Finalizing download..."); break;
                case "success": context.Terminal.Info("Download completed."); break;
            }
        }

        if (!nothingToDo) return;
        context.Terminal.Info(screen.AlreadyOwned is { } key ? $"Model already downloaded. To use, run: lms load {key}" : "Everything is already downloaded");
    }

    /// <summary>What is to be downloaded; <paramref name="Confirmed"/> by <c>--yes</c>.</summary>
    private sealed record Order(JsonObject Target, string? Quant, bool Confirmed)
    {
        public JsonObject Parameter()
        {
            var preferences = new JsonArray();
            if (Quant is not null) preferences.Add((JsonNode)new JsonObject { ["type"] = "quantName", ["quantName"] = Quant });
            return new JsonObject { ["target"] = Target, ["opts"] = new JsonObject { ["resolutionPreference"] = preferences } };
        }

        /// <exception cref="LmsExit">The plan does not offer the quantisation that was asked for.</exception>
        public void CheckVariant(JsonElement plan)
        {
            if (Quant is null || !plan.GetProperty("nodes")[0].TryGetProperty("downloadOptions", out var options)) return;
            if (!options.EnumerateArray().Any(option => string.Equals(option.GetProperty("quantName").GetString(), Quant, StringComparison.OrdinalIgnoreCase)))
                throw LmsExit.Error($"Cannot find variant {Quant}.");
        }
    }
}
