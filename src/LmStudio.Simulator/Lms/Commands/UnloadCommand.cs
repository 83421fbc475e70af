using System.Text.Json.Nodes;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms unload</c>: by identifier, never by key. An unknown identifier is told in a box and exits 0 all the same.</summary>
internal static class UnloadCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, [.. LmsContext.Connection, "all|a"]);
        var identifier = line.Operands.FirstOrDefault();
        if (identifier is not null && line.Has("all"))
        {
            context.Terminal.Info(LmsText.Box("Error", "Invalid Usage", "", "Give either an identifier or --all, not both."));
            return;
        }

        using var app = await context.FindAppAsync(line, cancellationToken);
        var loaded = (await app.LoadedAsync(cancellationToken))
            .Select(model => new Loaded(model.Namespace, model.Info.GetProperty("identifier").GetString()!))
            .ToList();
        if (line.Has("all")) await UnloadAllAsync(context, app, loaded, cancellationToken);
        else await UnloadOneAsync(context, app, Choose(context, loaded, identifier), identifier, cancellationToken);
    }

    private static Loaded? Choose(LmsContext context, List<Loaded> loaded, string? identifier)
    {
        if (identifier is not null) return loaded.FirstOrDefault(model => model.Identifier == identifier);
        if (loaded.Count == 0) throw new LmsExit("You don't have any models loaded. Use \"lms load\" to load a model.");
        if (loaded.Count == 1) return loaded[0];
        LmsPrompt.Select(context.Terminal, "Select a model to unload", [.. loaded.Select(model => model.Identifier)]);
        throw new LmsExit(text: null);
    }

    private static async Task UnloadOneAsync(LmsContext context, LmsApp app, Loaded? model, string? identifier, CancellationToken cancellationToken)
    {
        if (model is null)
        {
            context.Terminal.Info(LmsText.Box("Error",
                "Model Not Found", "", $"Cannot find a model with the identifier \"{identifier}\".", "",
                "To see a list of loaded models, run:", "", "    lms ps"));
            return;
        }

        await UnloadAsync(app, model, cancellationToken);
        context.Terminal.Info($"Model \"{model.Identifier}\" unloaded.");
    }

    private static async Task UnloadAllAsync(LmsContext context, LmsApp app, List<Loaded> loaded, CancellationToken cancellationToken)
    {
        foreach (var model in loaded)
        {
            context.Terminal.Info($"Unloading \"{model.Identifier}\"...");
            await UnloadAsync(app, model, cancellationToken);
        }

        context.Terminal.Info(loaded.Count switch { 0 => "No models to unload.", 1 => "Unloaded 1 model.", _ => $"Unloaded {loaded.Count} models." });
    }

    private static Task UnloadAsync(LmsApp app, Loaded model, CancellationToken cancellationToken) =>
        app.CallAsync(model.Namespace, "unloadModel", cancellationToken, new JsonObject { ["identifier"] = model.Identifier });

    private sealed record Loaded(string Namespace, string Identifier);
}
