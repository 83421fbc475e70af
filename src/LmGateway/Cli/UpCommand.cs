using System.CommandLine;
using System.Text.Json;
using LmGateway.Cli.Models;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway up [MODEL]</c>: start the backend, download the model, load it; by the running service, or by itself where none runs.</summary>
internal static class UpCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("up", "Make a model ready: start the backend, download the model if it is missing, load it.");
        var model = ModelArgument.Optional(surroundings, "The model (bring_up.model).");
        var backend = new Option<string?>("--backend") { HelpName = "NAME", Description = "ollama, lmstudio or auto (bring_up.backend); whichever answers, if left out." };
        command.Arguments.Add(model);
        command.Options.Add(backend);
        var service = new ServiceOptions(command, surroundings)
        {
            Implied = parsed => new[] { Given("bring_up.model", parsed.GetValue(model), "MODEL"), Given("bring_up.backend", parsed.GetValue(backend), "--backend") }.OfType<GivenSetting>(),
        };
        service.Run(command, WithoutService.WorkDirectly, RunAsync);
        return command;
    }

    private static GivenSetting? Given(string key, string? value, string name) => value is null ? null : new GivenSetting(key, value, name);

    private static async Task<int> RunAsync(ServiceCall call, CancellationToken cancellationToken)
    {
        var options = call.Settings.Options.BringUp;
        var end = await ProgressShow.RunAsync(call.Output, $"Making {options.ModelOrDefault} ready", tell => FollowAsync(call, tell, cancellationToken));
        var steps = end.Texts("steps");
        foreach (var step in call.Output.Json ? [] : steps) call.Output.Line($"done  {step}");
        if (end.Text("error") is { } error) throw Failed(error, call.Output.Json ? steps : []);
        if (!call.Output.Json) call.Output.Line($"{end.Text("modelKey")} is ready as {end.Text("identifier")}.");
        else call.Document(writer => Write(writer, end, steps));
        return ExitCodes.Success;
    }

    /// <summary>People have seen the steps already.</summary>
    private static CommandException Failed(string error, IReadOnlyList<string> steps) =>
        new(new CommandFailure("failed", error) { Details = steps, Next = "'lmgateway doctor' shows what is there and what is missing." });

    /// <summary>Shows each line of the service's answer, and returns the last one.</summary>
    private static async Task<JsonElement> FollowAsync(ServiceCall call, Action<ProgressFigure> tell, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in call.Service.LinesAsync("/admin/models/up", body => Order(body, call.Settings.Options.BringUp), cancellationToken))
            {
                if (line.Text("type") is not { } type) throw ServiceFailures.Foreign(call.Service.Location);
                if (type != "progress") return line;
                tell(Figure(line.Text("message") ?? "", line.Number("percent")));
            }
        }
        catch (OperationCanceledException) when (!call.IsDirect)
        {
            throw new CommandException(new CommandFailure("interrupted", "Interrupted. A download that has begun goes on in the service.")
            {
                Next = "'lmgateway jobs list' shows it, 'lmgateway jobs cancel ID' ends it; 'lmgateway up' goes on with the rest.",
                ExitCode = ExitCodes.Interrupted,
            });
        }

        throw ServiceFailures.BrokenOff(call.Service.Location);
    }

    /// <summary>What this command's own settings name; the rest is the service's to say.</summary>
    private static void Order(Utf8JsonWriter body, BringUpOptions options)
    {
        if (options.Model is { } model) body.WriteString("modelKey", model);
        if (options.Backend is { } backend) body.WriteString("backend", backend);
        if (options.ModelSource is { } source) body.WriteString("source", source);
        body.WriteBoolean("stream", true);
    }

    /// <summary>The percentage is shown once, by the bar.</summary>
    private static ProgressFigure Figure(string message, double? percent) => percent is { } known
        ? new ProgressFigure(message.Split(':')[0]) { Fraction = known / 100 }
        : new ProgressFigure(message);

    private static void Write(Utf8JsonWriter writer, JsonElement end, IReadOnlyList<string> steps)
    {
        writer.WriteString("model", end.Text("modelKey"));
        writer.WriteString("identifier", end.Text("identifier"));
        writer.WriteStartArray("steps");
        foreach (var step in steps) writer.WriteStringValue(step);
        writer.WriteEndArray();
    }
}
