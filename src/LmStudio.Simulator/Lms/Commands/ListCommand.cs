using System.Text.Json;
using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms ls</c>: what is downloaded.</summary>
internal static class ListCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, [.. LmsContext.Connection, "llm", "embedding", "variants", "json", "detailed"]);
        var key = line.Operands.FirstOrDefault();
        if (key is not null && line.Has("variants")) throw LmsExit.Error("Cannot use --variants together with a model key.");
        using var app = await context.FindAppAsync(line, cancellationToken);
        var models = key is not null ? await VariantsAsync(app, key, cancellationToken) : await DownloadedAsync(app, line, cancellationToken);
        if (!line.Has("json"))
        {
            var loaded = await app.LoadedAsync(cancellationToken);
            context.Terminal.Write(Text(models, [.. loaded.Select(model => Field(model.Info, "modelKey"))]));
            return;
        }

        var list = line.Has("variants") ? await WithVariantsAsync(app, models, cancellationToken) : Json.List(models.Select(Json.Node));
        context.Terminal.WriteLine(JsonText.Of(list));
    }

    private static async Task<IReadOnlyList<JsonElement>> VariantsAsync(LmsApp app, string key, CancellationToken cancellationToken) =>
        [.. (await app.CallAsync("system", "listDownloadedModelVariants", cancellationToken, new JsonObject { ["modelKey"] = key })).EnumerateArray()];

    private static async Task<IReadOnlyList<JsonElement>> DownloadedAsync(LmsApp app, CommandLine line, CancellationToken cancellationToken)
    {
        var both = line.Has("llm") == line.Has("embedding");
        return [.. (await app.DownloadedAsync(cancellationToken)).Where(model => both || line.Has(Field(model, "type")))];
    }

    private static async Task<JsonArray> WithVariantsAsync(LmsApp app, IReadOnlyList<JsonElement> models, CancellationToken cancellationToken)
    {
        var list = new JsonArray();
        foreach (var model in models.Where(model => model.TryGetProperty("variants", out _)))
        {
            var variants = await VariantsAsync(app, Field(model, "modelKey"), cancellationToken);
            JsonNode entry = new JsonObject { ["model"] = Json.Node(model), ["variants"] = Json.List(variants.Select(Json.Node)) };
            list.Add(entry);
        }

        return list;
    }

    private static string Text(IReadOnlyList<JsonElement> models, IReadOnlyList<string> loaded)
    {
        if (models.Count == 0) return "You have not downloaded any models yet.\n";
        var size = LmsText.DecimalSize(models.Sum(model => model.GetProperty("sizeBytes").GetInt64()));
        return $"\nYou have {models.Count} model{(models.Count == 1 ? "" : "s")}, taking up {size} of disk space.\n\n"
            + Section("LLM", models.Where(model => Field(model, "type") == "llm"), loaded)
            + Section("EMBEDDING", models.Where(model => Field(model, "type") == "embedding"), loaded);
    }

    private static string Section(string heading, IEnumerable<JsonElement> models, IReadOnlyList<string> loaded)
    {
        List<string[]> rows = [[heading, "PARAMS", "ARCH", "SIZE", "DEVICE", ""]];
        rows.AddRange(models.Select(model => Row(model, loaded)));
        return rows.Count == 1 ? "" : LmsText.Table(rows) + "\n";
    }

    private static string[] Row(JsonElement model, IReadOnlyList<string> loaded)
    {
        var key = Field(model, "modelKey");
        var variants = model.TryGetProperty("variants", out var list) ? list.GetArrayLength() : 0;
        var name = variants == 0 ? key : $"{key} ({variants} variant{(variants == 1 ? "" : "s")})";
        return
        [
            name,
            Field(model, "paramsString"),
            Architecture(Field(model, "architecture")),
            LmsText.DecimalSize(model.GetProperty("sizeBytes").GetInt64()),
            "Local",
            loaded.Contains(key) ? "✓ LOADED" : "",
        ];
    }

    private static string Architecture(string name) => name == "nomic-bert" ? "Nomic BERT" : name;

    private static string Field(JsonElement model, string name) => model.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
