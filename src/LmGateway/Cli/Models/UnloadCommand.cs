using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models unload MODEL|--all</c></summary>
internal static class UnloadCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("unload", "Unload a model. Requests under way on it are waited for.");
        var model = ModelArgument.Optional(surroundings, "The instance, or the model where it has one instance.");
        var all = new Option<bool>("--all") { Description = "Unload everything that is loaded." };
        var force = new Option<bool>("--force") { Description = "Do not wait for requests under way." };
        command.Arguments.Add(model);
        command.Options.Add(all);
        command.Options.Add(force);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var (name, everything) = (call.Parsed.GetValue(model), call.Parsed.GetValue(all));
            if (name is null == !everything) throw new CommandException(CommandFailure.Usage("Name either a model or --all.", "'lmgateway models list --loaded' shows what is loaded."));
            var names = name is not null ? [name] : await LoadedAsync(call, cancellationToken);
            var gone = new List<string>();
            foreach (var one in names) gone.Add(await UnloadAsync(call, one, call.Parsed.GetValue(force), cancellationToken));
            Show(call, gone);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<string> UnloadAsync(ServiceCall call, string name, bool force, CancellationToken cancellationToken)
    {
        var reply = await call.Service.PostAsync("/admin/models/unload", body =>
        {
            body.WriteString("modelKey", name);
            body.WriteBoolean("force", force);
        }, cancellationToken);
        return reply.Text("instanceId") ?? name;
    }

    private static async Task<IReadOnlyList<string>> LoadedAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        var catalog = await call.Service.GetAsync("/admin/models/catalog", cancellationToken);
        var instances = from model in catalog.Items("models")
                        from instance in model.Items("instances")
                        select (Backend: model.Text("backend"), Name: instance.Text("instanceId")!);
        var all = instances.ToList();
        return [.. all.Select(one => all.Count(other => other.Name == one.Name) > 1 ? $"{one.Backend}/{one.Name}" : one.Name)];
    }

    private static void Show(ServiceCall call, IReadOnlyList<string> gone)
    {
        if (call.Output.Json) call.Document(writer => Write(writer, gone));
        else if (gone.Count == 0) call.Output.Line("Nothing is loaded.");
        else foreach (var name in gone) call.Output.Line($"Unloaded {name}.");
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<string> gone)
    {
        writer.WriteStartArray("unloaded");
        foreach (var name in gone) writer.WriteStringValue(name);
        writer.WriteEndArray();
    }
}
