using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models rm MODEL</c></summary>
internal static class RemoveCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("rm", "Delete a model's files for good.");
        command.Aliases.Add("remove");
        var model = ModelArgument.Required(surroundings, "The model's exact key.");
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var force = new Option<bool>("--force") { Description = "Even while it is answering requests." };
        command.Arguments.Add(model);
        command.Options.Add(yes);
        command.Options.Add(force);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var name = call.Parsed.GetValue(model)!;
            if (!call.Parsed.GetValue(yes) && !await AskAsync(call, name, cancellationToken)) throw new CommandException("declined", "Nothing was deleted.");
            var deleted = await call.Service.DeleteAsync($"/admin/models/{ModelArgument.Path(name)}{(call.Parsed.GetValue(force) ? "?force=true" : "")}", cancellationToken);
            if (call.Output.Json) call.Document(deleted);
            else call.Output.Line($"Deleted {deleted.Text("modelKey")} ({Figures.Size(deleted.Whole("freedBytes") ?? 0)}).");
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Whoever does not sit at a terminal cannot be asked, and has to say it beforehand.</summary>
    private static async Task<bool> AskAsync(ServiceCall call, string name, CancellationToken cancellationToken)
    {
        if (call.Output.Json || !call.Surroundings.InIsTerminal || !call.Surroundings.ErrorIsTerminal)
            throw new CommandException(CommandFailure.Usage($"{name} is not deleted without being asked about.", "Add --yes to delete it for good."));
        var size = await SizeAsync(call, name, cancellationToken);
        await call.Surroundings.Error.WriteAsync($"Delete {name}{size} for good? [y/N] ");
        var answer = await Task.Run(call.Surroundings.In.ReadLine, cancellationToken).WaitAsync(cancellationToken);
        return answer?.Trim() is { Length: > 0 } said && "yes".StartsWith(said, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<string> SizeAsync(ServiceCall call, string name, CancellationToken cancellationToken)
    {
        var catalog = await call.Service.GetAsync("/admin/models/catalog", cancellationToken);
        JsonElement? found = catalog.Items("models").Where(model => model.Text("modelKey") == name).Select(model => (JsonElement?)model).FirstOrDefault();
        return found?.Whole("sizeBytes") is { } size ? $" ({Figures.Size(size)})" : "";
    }
}
