using System.CommandLine;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway up [MODEL]</c>: start the backend, download the model, load it.</summary>
internal static class UpCommand
{
    public static Command Build(Func<LoadedSettings, CancellationToken, Task<int>> up, CommandSurroundings surroundings)
    {
        var command = new Command("up", "Make a model ready: start the backend, download the model if it is missing, load it.");
        var model = new Argument<string?>("MODEL") { Arity = ArgumentArity.ZeroOrOne, Description = "The model (bring_up.model)." };
        var backend = new Option<string?>("--backend") { HelpName = "NAME", Description = "ollama, lmstudio or auto (bring_up.backend)." };
        command.Arguments.Add(model);
        command.Options.Add(backend);
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            GivenSetting?[] given = [Given("bring_up.model", parsed.GetValue(model), "MODEL"), Given("bring_up.backend", parsed.GetValue(backend), "--backend")];
            var loaded = settings.Load(parsed, surroundings, given.OfType<GivenSetting>());
            if (loaded.Errors.Count == 0) return await up(loaded, cancellationToken);
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
        return command;
    }

    private static GivenSetting? Given(string key, string? value, string name) => value is null ? null : new GivenSetting(key, value, name);
}
