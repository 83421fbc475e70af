using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models load</c></summary>
internal static class LoadCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("load", "Load a model, and say what it needs and what of its configuration does not hold.");
        var form = new LoadForm(command, surroundings);
        var estimate = new Option<bool>("--estimate") { Description = "Only tell what it would need and whether it fits." };
        command.Options.Add(estimate);
        var service = new ServiceOptions(command, surroundings);
        service.TakeOthers();
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var order = form.Read(call.Parsed, service.Others(call.Parsed));
            if (call.Parsed.GetValue(estimate))
            {
                Show(call, await call.Service.PostAsync("/admin/models/estimate", order.Write, cancellationToken, ServiceClient.Patience));
                return ExitCodes.Success;
            }

            await WarnAsync(call, order, cancellationToken);
            var title = $"Loading {order.Model}";
            ShowLoaded(call, order, await ProgressShow.RunAsync(call.Output, title, tell => LoadAsync(call, order, tell, cancellationToken)));
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Says before the load what it will need; whether it fits, the backend decides.</summary>
    private static async Task WarnAsync(ServiceCall call, LoadOrderText order, CancellationToken cancellationToken)
    {
        if (call.Output.Json) return;
        try
        {
            var estimate = await call.Service.PostAsync("/admin/models/estimate", order.Write, cancellationToken, ServiceClient.Patience);
            if (!estimate.Flag("fits")) call.Output.Note($"It will hardly fit: {Needs(estimate)}.");
            else if (call.Output.ShowsProgress) call.Output.Note($"It fits: {Needs(estimate)}.");
        }
        catch (CommandException)
        {
            // Most backends do not tell, and what is wrong with the load is told by the load.
        }
    }

    private static async Task<JsonElement> LoadAsync(ServiceCall call, LoadOrderText order, Action<ProgressFigure> tell, CancellationToken cancellationToken)
    {
        var loading = call.Service.PostAsync("/admin/models/load", order.Write, cancellationToken);
        while (call.Output.ShowsProgress && !loading.IsCompleted)
        {
            await Task.WhenAny(loading, Task.Delay(Pause, call.Surroundings.Time, cancellationToken));
            if (loading.IsCompleted || await ProgressAsync(call, order.Model, cancellationToken) is not { } fraction) continue;
            tell(new ProgressFigure($"Loading {order.Model}") { Fraction = fraction });
        }

        return await loading;
    }

    /// <summary>How far the load is, from 0 to 1; null where the service does not say, for instance because the key does not open that route.</summary>
    private static async Task<double?> ProgressAsync(ServiceCall call, string model, CancellationToken cancellationToken)
    {
        try
        {
            var loads = (await call.Service.GetAsync("/debug/queue", cancellationToken)).Items("loads");
            var own = loads.Where(load => load.Text("modelKey")?.Contains(model, StringComparison.OrdinalIgnoreCase) == true).Concat(loads).Select(load => load.Number("progress"));
            return own.FirstOrDefault() / 100;
        }
        catch (CommandException)
        {
            return null;
        }
    }

    private static void Show(ServiceCall call, JsonElement estimate)
    {
        if (call.Output.Json)
        {
            call.Document(estimate);
            return;
        }

        call.Output.Line($"{estimate.Text("modelKey")} {(estimate.Flag("fits") ? "fits" : "does not fit")}: {Needs(estimate)}.");
    }

    private static string Needs(JsonElement estimate)
    {
        var (total, video, context) = (estimate.Whole("totalBytes") ?? 0, estimate.Whole("vramBytes") ?? 0, estimate.Whole("contextBytes") ?? 0);
        return $"it needs about {Figures.Size(total)} ({Figures.Size(video)} of it video memory, {Figures.Size(context)} for the context)";
    }

    private static void ShowLoaded(ServiceCall call, LoadOrderText order, JsonElement loaded)
    {
        if (call.Output.Json)
        {
            call.Document(loaded);
            return;
        }

        var name = loaded.Text("instanceId") ?? loaded.Text("identifier") ?? order.Model;
        call.Output.Line($"Loaded {order.Model} as {name} in {Figures.Time(TimeSpan.FromMilliseconds(loaded.Number("totalTimeMs") ?? 0))}.");
        if (loaded.Texts("unloaded") is { Count: > 0 } gone) call.Output.Line($"Unloaded before: {string.Join(", ", gone)}.");
        if (loaded.Flag("activated")) call.Output.Line("It is the active model now: requests that name none get it.");
        foreach (var parameter in loaded.Texts("notApplied"))
            call.Output.Line($"Not applied: {parameter}. {loaded.Member("notAppliedReasons")?.Text(parameter)}".TrimEnd());
    }
}
