using System.CommandLine;
using LmGateway.Cli.Jobs;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models pull NAME</c></summary>
internal static class PullCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("pull", "Download a model.");
        var name = new Argument<string>("NAME") { Description = "owner/name, a Hugging Face address, or an Ollama name; @quantisation may follow." };
        var backend = new Option<string?>("--backend") { HelpName = "NAME", Description = "The backend that gets it, where there are several." };
        command.Arguments.Add(name);
        command.Options.Add(backend);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var wanted = call.Parsed.GetValue(name)!;
            var job = await JobFollower.StartAsync(call, "/admin/models/download", body =>
            {
                body.WriteString("identifier", wanted);
                if (call.Parsed.GetValue(backend) is { } chosen) body.WriteString("backend", chosen);
            }, cancellationToken);
            if (call.Output.Json) call.Document(job);
            else if (job.Member("result")?.Flag("wasThere") == true) call.Output.Line($"{wanted} is there already.");
            else call.Output.Line($"Downloaded {wanted}{(job.Whole("total") is { } total ? $" ({Figures.Size(total)})" : "")}.");
            return ExitCodes.Success;
        });
        return command;
    }
}
