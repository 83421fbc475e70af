using System.CommandLine;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models activate MODEL</c></summary>
internal static class ActivateCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("activate", "Make a model the one that answers requests which name none. Nothing is loaded by it.");
        var model = ModelArgument.Required(surroundings);
        command.Arguments.Add(model);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var name = call.Parsed.GetValue(model)!;
            var reply = await call.Service.PostAsync("/admin/models/activate", body => body.WriteString("modelKey", name), cancellationToken, ServiceClient.Patience);
            if (call.Output.Json) call.Document(reply);
            else call.Output.Line($"{name} is the active model.");
            return ExitCodes.Success;
        });
        return command;
    }
}
