using System.CommandLine;
using LmGateway.Cli.Models;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway up [MODEL]</c>: start the backend, download the model, load it.</summary>
internal static class UpCommand
{
    public static Command Build(Func<LoadedSettings, CommandOutput, CancellationToken, Task<int>> up, CommandSurroundings surroundings)
    {
        var command = new Command("up", "Make a model ready: start the backend, download the model if it is missing, load it.");
        var model = ModelArgument.Optional(surroundings, "The model (bring_up.model).");
        var backend = new Option<string?>("--backend") { HelpName = "NAME", Description = "ollama, lmstudio or auto (bring_up.backend)." };
        var json = ServiceOptions.JsonOption();
        command.Arguments.Add(model);
        command.Options.Add(backend);
        command.Options.Add(json);
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            GivenSetting?[] given = [Given("bring_up.model", parsed.GetValue(model), "MODEL"), Given("bring_up.backend", parsed.GetValue(backend), "--backend")];
            return CommandRun.RunAsync(output, () => up(CommandRun.Require(settings.Load(parsed, surroundings, given.OfType<GivenSetting>())), output, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static GivenSetting? Given(string key, string? value, string name) => value is null ? null : new GivenSetting(key, value, name);
}
