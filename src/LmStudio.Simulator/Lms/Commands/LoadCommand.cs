using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms load</c>: finds a downloaded model by a loose match of its key and loads it with a percentage on standard output.</summary>
internal static class LoadCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments,
            [.. LmsContext.Connection, "gpu=", "context-length|c=", "parallel=", "ttl=", "identifier=", "estimate-only", "yes|y", "exact", "local"]);
        var settings = LoadSettings.Read(line);
        using var app = await context.FindAppAsync(line, cancellationToken);
        var model = Choose(context, line, [.. (await app.DownloadedAsync(cancellationToken)).Where(IsModel)]);
        if (line.Has("estimate-only")) await EstimateAsync(context, app, model, settings, cancellationToken);
        else await LoadAsync(context, app, model, settings, cancellationToken);
    }

    /// <summary>Vision projectors can be listed as models of their own; they cannot be loaded.</summary>
    private static bool IsModel(JsonElement model) =>
        !model.TryGetProperty("architecture", out var name) || !name.GetString()!.Contains("clip", StringComparison.OrdinalIgnoreCase);

    private static JsonElement Choose(LmsContext context, CommandLine line, List<JsonElement> models)
    {
        var asked = line.Operands.FirstOrDefault() ?? "";
        var found = line.Has("exact")
            ? models.Where(model => model.GetProperty("path").GetString() == asked).ToList()
            : models.Where(model => IsSubsequence(asked, Key(model))).OrderByDescending(model => Key(model) == asked).ToList();
        if (found.Count == 1 || (found.Count > 1 && (Key(found[0]) == asked || line.Has("yes"))))
        {
            if (found.Count > 1 && Key(found[0]) != asked)
                context.Terminal.Warn($"{found.Count} models match \"{asked}\". Loading the first one, {Key(found[0])}.");
            return found[0];
        }

        if (line.Has("yes"))
            throw new LmsExit(LmsText.Box("Error",
                "Model not found", "", $"No model found that matches model key \"{asked}\".", "",
                "To see a list of all downloaded models, run:", "", "    lms ls", "",
                "To select a model interactively, remove the --yes flag:", "", "    lms load"));
        if (found.Count == 0)
            context.Terminal.WriteLine($"\n! Cannot find a model matching the provided model key ({asked}). Please select one from the list below.");
        var entries = found.Count == 0 ? models : found;
        LmsPrompt.Select(context.Terminal, "Select a model to load", [.. entries.Select(model => $"{Key(model)} ({LmsText.BinarySize(Size(model))})")]);
        throw new LmsExit(text: null);
    }

    private static async Task LoadAsync(LmsContext context, LmsApp app, JsonElement model, LoadSettings settings, CancellationToken cancellationToken)
    {
        var began = context.TimeProvider.GetTimestamp();
        var identifier = "";
        try
        {
            var socket = await app.SocketAsync(Type(model), cancellationToken);
            await socket.CreateAsync("loadModel", settings.Parameter(model), cancellationToken);
            await foreach (var message in socket.MessagesAsync(cancellationToken))
            {
                if (message.GetProperty("type").ValueEquals("success")) identifier = message.GetProperty("info").GetProperty("identifier").GetString()!;
                if (!message.GetProperty("type").ValueEquals("progress")) continue;
                var percent = Math.Round(message.GetProperty("progress").GetDouble() * 100);
                context.Terminal.Write($"\e[?25l\rLoading {Key(model)} {percent}% {context.Terminal.Spin()}");
            }
        }
        finally
        {
            context.Terminal.Write("\r\e[K\e[?25h");
        }

        context.Terminal.Info($"Model loaded successfully in {LmsText.Duration(context.TimeProvider.GetElapsedTime(began))}.");
        context.Terminal.Info($"({LmsText.BinarySize(Size(model))})");
        context.Terminal.Info($"To use the model in the API/SDK, use the identifier \"{identifier}\".");
    }

    private static async Task EstimateAsync(LmsContext context, LmsApp app, JsonElement model, LoadSettings settings, CancellationToken cancellationToken)
    {
        var parameter = new JsonObject { ["modelKey"] = Key(model), ["loadConfigStack"] = settings.Stack(Type(model)) };
        var estimate = await app.CallAsync(Type(model), "estimateModelUsage", cancellationToken, parameter);
        var memory = estimate.GetProperty("memory");
        context.Terminal.Info($"Model: {Key(model)}");
        if (settings.ContextLength is { } length) context.Terminal.Info(string.Create(CultureInfo.InvariantCulture, $"Context Length: {length:N0}"));
        if (settings.Gpu is { } gpu) context.Terminal.Info($"GPU Offload: {Math.Round(gpu * 100)}%");
        context.Terminal.Info($"Estimated GPU Memory:   {LmsText.BinarySize(memory.GetProperty("totalVramBytes").GetInt64())}");
        context.Terminal.Info($"Estimated Total Memory: {LmsText.BinarySize(memory.GetProperty("totalBytes").GetInt64())}");
        context.Terminal.Info(estimate.GetProperty("passesGuardrails").GetBoolean()
            ? "\nEstimate: This model may be loaded based on your resource guardrails settings."
            : "\nEstimate: This model will fail to load based on your resource guardrails settings.");
    }

    private static bool IsSubsequence(string asked, string key)
    {
        var at = 0;
        foreach (var sign in key)
            if (at < asked.Length && char.ToUpperInvariant(sign) == char.ToUpperInvariant(asked[at])) at++;
        return at == asked.Length;
    }

    private static string Key(JsonElement model) => model.GetProperty("modelKey").GetString()!;

    private static string Type(JsonElement model) => model.GetProperty("type").GetString()!;

    private static long Size(JsonElement model) => model.GetProperty("sizeBytes").GetInt64();
}
