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
        var estimate = new Option<bool>("--estimate") { Description = "Ask what each would need in memory, and whether that fits." };
        foreach (var option in new Option[] { loaded, type, backend, estimate }) command.Options.Add(option);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var (onlyLoaded, isEstimated) = (call.Parsed.GetValue(loaded), call.Parsed.GetValue(estimate));
            var catalog = await call.Service.GetAsync("/admin/models/catalog", cancellationToken);
            var chosen = new List<Listed>();
            foreach (var model in catalog.Items("models"))
            {
                if (onlyLoaded && model.Text("state") != "loaded") continue;
                if (call.Parsed.GetValue(backend) is { } name && model.Text("backend") != name) continue;
                if (!IsOf(model, call.Parsed.GetValue(type))) continue;
                chosen.Add(new Listed(model, isEstimated ? await EstimateAsync(call, model, cancellationToken) : null));
            }

            if (call.Output.Json) call.Document(writer => Write(writer, chosen));
            else if (chosen.Count > 0) call.Output.Table(Table(chosen, isEstimated));
            else call.Output.Note(onlyLoaded ? "Nothing is loaded. 'lmgateway models load MODEL' loads a model." : "No model fits. 'lmgateway models search TEXT' finds some to download.");
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

    /// <summary>Null where the backend does not tell.</summary>
    private static async Task<JsonElement?> EstimateAsync(ServiceCall call, JsonElement model, CancellationToken cancellationToken)
    {
        try
        {
            return await call.Service.PostAsync("/admin/models/estimate", body => body.WriteString("modelKey", model.Text("modelKey")), cancellationToken, ServiceClient.Patience);
        }
        catch (CommandException failure) when (failure.Failure.Code is not "no_service")
        {
            return null;
        }
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<Listed> models)
    {
        writer.WriteStartArray("models");
        foreach (var (model, estimate) in models)
        {
            writer.WriteStartObject();
            model.WriteMembers(writer);
            if (estimate is { } known)
            {
                writer.WritePropertyName("estimate");
                known.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static TextTable Table(IReadOnlyList<Listed> models, bool isEstimated)
    {
        var several = models.Select(listed => listed.Model.Text("backend")).Distinct(StringComparer.Ordinal).Count() > 1;
        List<Column> columns = [new("model"), new("type"), new("params"), new("quant"), new("size", Figures: true), new("context", Figures: true), new("state")];
        if (isEstimated) columns.AddRange([new("needs", Figures: true), new("fits")]);
        if (several) columns.Add(new("backend"));
        var table = new TextTable([.. columns]);
        foreach (var listed in models)
        {
            List<Cell> cells = [.. Facts(listed.Model)];
            if (isEstimated) cells.AddRange([listed.Estimate?.Whole("totalBytes") is { } needed ? Figures.Size(needed) : null, listed.Estimate is { } known ? known.Flag("fits") ? "yes" : "no" : null]);
            if (several) cells.Add(listed.Model.Text("backend"));
            table.Add([.. cells]);
        }

        return table;
    }

    private static Cell[] Facts(JsonElement model)
    {
        var instances = model.Items("instances");
        return
        [
            model.Text("modelKey"),
            model.Flag("vision") ? "vision" : model.Text("type"),
            model.Text("parameters"),
            model.Text("quantization"),
            model.Whole("sizeBytes") is { } size ? Figures.Size(size) : null,
            Context(model, instances),
            instances.Count == 0 ? "not loaded" : new Cell($"loaded{Names(model, instances)}", new Style(Color.Green)),
        ];
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

    /// <summary>A model, and what it would need where that was asked for and is known.</summary>
    private sealed record Listed(JsonElement Model, JsonElement? Estimate);
}
