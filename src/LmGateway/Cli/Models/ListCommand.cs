using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using Spectre.Console;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models list</c></summary>
internal static class ListCommand
{
    private static readonly string[] Types = ["llm", "embedding", "vision"];

    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("list", "List the models: what is downloaded, and what is loaded.");
        command.Aliases.Add("ls");
        var loaded = new Option<bool>("--loaded") { Description = "Only what is loaded." };
        var type = new Option<string?>("--type") { HelpName = "TYPE", Description = $"Only models of a type: {string.Join(", ", Types)}." };
        type.AcceptOnlyFromAmong(Types);
        var backend = new Option<string?>("--backend") { HelpName = "NAME", Description = "Only what this backend has." };
        foreach (var option in new Option[] { loaded, type, backend }) command.Options.Add(option);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var catalog = await call.Service.GetAsync("/admin/models/catalog", cancellationToken);
            var chosen = catalog.Items("models")
                .Where(model => !call.Parsed.GetValue(loaded) || model.Text("state") == "loaded")
                .Where(model => call.Parsed.GetValue(backend) is not { } name || model.Text("backend") == name)
                .Where(model => IsOf(model, call.Parsed.GetValue(type)))
                .ToList();
            Show(call, chosen, loaded);
            return ExitCodes.Success;
        });
        return command;
    }

    private static bool IsOf(JsonElement model, string? type) => type switch
    {
        null => true,
        "vision" => model.Flag("vision"),
        _ => model.Text("type") == type,
    };

    private static void Show(ServiceCall call, IReadOnlyList<JsonElement> models, Option<bool> onlyLoaded)
    {
        if (call.Output.Json)
        {
            call.Document(writer =>
            {
                writer.WriteStartArray("models");
                foreach (var model in models) model.WriteTo(writer);
                writer.WriteEndArray();
            });
            return;
        }

        if (models.Count == 0)
        {
            call.Output.Note(call.Parsed.GetValue(onlyLoaded) ? "Nothing is loaded. 'lmgateway models load MODEL' loads a model." : "No model fits. 'lmgateway models search TEXT' finds some to download.");
            return;
        }

        var several = models.Select(model => model.Text("backend")).Distinct(StringComparer.Ordinal).Count() > 1;
        Column[] columns = [new("model"), new("type"), new("params"), new("quant"), new("size", Figures: true), new("context", Figures: true), new("state")];
        var table = new TextTable(several ? [.. columns, new("backend")] : columns);
        foreach (var model in models) table.Add(Row(model, several));
        call.Output.Table(table);
    }

    private static Cell[] Row(JsonElement model, bool several)
    {
        var instances = model.Items("instances");
        Cell[] cells =
        [
            model.Text("modelKey"),
            model.Flag("vision") ? "vision" : model.Text("type"),
            model.Text("parameters"),
            model.Text("quantization"),
            model.Whole("sizeBytes") is { } size ? Figures.Size(size) : null,
            Context(model, instances),
            instances.Count == 0 ? "not loaded" : new Cell($"loaded{Names(model, instances)}", new Style(Color.Green)),
        ];
        return several ? [.. cells, model.Text("backend")] : cells;
    }

    /// <summary>What is allocated of what the model can take.</summary>
    private static string? Context(JsonElement model, IReadOnlyList<JsonElement> instances)
    {
        var most = model.Whole("maxContextLength")?.ToString(CultureInfo.InvariantCulture);
        var allocated = instances.Select(instance => instance.Whole("contextLength")).OfType<long>().ToList();
        return allocated.Count == 0 ? most : $"{string.Join(',', allocated)}/{most ?? "?"}";
    }

    /// <summary>The instances, where they are called otherwise than the model.</summary>
    private static string Names(JsonElement model, IReadOnlyList<JsonElement> instances) =>
        instances is [var only] && only.Text("instanceId") == model.Text("modelKey") ? "" : $" as {string.Join(", ", instances.Select(instance => instance.Text("instanceId")))}";
}
