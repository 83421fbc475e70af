using System.CommandLine;
using System.CommandLine.Parsing;
using System.Numerics;
using LmGateway.Cli.Output;

namespace LmGateway.Cli;

/// <summary><c>lmgateway simulate</c>: an LM Studio without a GPU; <c>lmgateway simulate lms …</c>: its command line program.</summary>
internal static class SimulateCommand
{
    public const string Name = "simulate";
    public const string LmsName = "lms";

    public static Command Build(Func<SimulateSettings, CommandOutput, CancellationToken, Task<int>> simulate, CommandSurroundings surroundings)
    {
        var command = new Command(Name, "Run a simulated LM Studio.");
        var port = Ranged(new Option<int>("--port") { DefaultValueFactory = _ => 1234, HelpName = "PORT", Description = "Port to bind; 0 takes a free one." }, 0, 65535);
        var modelsDir = new Option<string?>("--models-dir") { HelpName = "DIR", Description = "Models folder; a temporary one by default." };
        var model = new Option<string[]>("--model") { HelpName = "KEY", Description = "A model beside those in stock; may be given several times." };
        var apiToken = new Option<string?>("--api-token") { HelpName = "TOKEN", Description = "Ask clients for this API token." };
        var loadTime = Ranged(new Option<int?>("--load-time-ms") { HelpName = "MS", Description = "How long a load takes." }, 0, 3_600_000);
        var speed = Ranged(new Option<double?>("--tokens-per-second") { HelpName = "N", Description = "How fast tokens come; 0 for as fast as possible." }, 0, 1_000_000);
        var firstToken = Ranged(new Option<int?>("--time-to-first-token-ms") { HelpName = "MS", Description = "How long the first token takes." }, 0, 3_600_000);
        var parallel = Ranged(new Option<int?>("--parallel") { HelpName = "N", Description = "Requests that a loaded model runs at the same time." }, 1, 1024);
        var memory = Ranged(new Option<int?>("--memory-models") { HelpName = "N", Description = "Loaded models that fit into memory." }, 0, 10_000);
        var downloadTime = Ranged(new Option<int?>("--download-time-ms") { HelpName = "MS", Description = "How long a download takes." }, 0, 3_600_000);
        var home = new Option<string?>("--home") { HelpName = "DIR", Description = "Write LM Studio's port file and settings into this folder, so that lms finds the simulator." };
        var json = new Option<bool>("--json") { Description = "Print where it listens as one line of JSON, errors too." };
        Option[] options = [json, port, modelsDir, model, apiToken, loadTime, speed, firstToken, parallel, memory, downloadTime, home];
        foreach (var option in options) command.Options.Add(option);
        command.Subcommands.Add(new Command(LmsName, "The stand-in for LM Studio's own lms program; give its arguments after it."));
        command.SetAction((parsed, cancellationToken) => simulate(
            new SimulateSettings
            {
                Port = parsed.GetValue(port),
                ModelsDir = parsed.GetValue(modelsDir),
                Models = parsed.GetValue(model) ?? [],
                ApiToken = parsed.GetValue(apiToken),
                LoadTimeMs = parsed.GetValue(loadTime),
                TokensPerSecond = parsed.GetValue(speed),
                TimeToFirstTokenMs = parsed.GetValue(firstToken),
                Parallel = parsed.GetValue(parallel),
                MemoryModels = parsed.GetValue(memory),
                DownloadTimeMs = parsed.GetValue(downloadTime),
                Home = parsed.GetValue(home),
            },
            new CommandOutput(surroundings, parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static Option<T> Ranged<T>(Option<T> option, double least, double most)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token]) return;
            if (!double.TryParse(token.Value, System.Globalization.CultureInfo.InvariantCulture, out var value) || value < least || value > most)
                result.AddError($"{option.Name} {token.Value}: a number from {least:0.###} to {most:0.###} is expected");
        });
        return option;
    }
}
