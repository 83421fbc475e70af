using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Status;

/// <summary><c>lmgateway status</c>: how the service and what it needs are, at a glance.</summary>
internal static class StatusCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("status", "Show how the service, its backends, models, queue and NATS are. Ends with code 0 if all is well, 4 if something is away, 3 if no service answers.");
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var picture = await StatusPicture.TakeAsync(call, cancellationToken);
            if (call.Output.Json) call.Document(writer => StatusText.WriteJson(writer, call, picture));
            else StatusText.Write(call, picture);
            if (call.IsDirect) call.Output.Note("Start the service with 'lmgateway serve'.");
            return call.IsDirect ? ExitCodes.NoService : picture.IsWell ? ExitCodes.Success : ExitCodes.Degraded;
        });
        return command;
    }
}
