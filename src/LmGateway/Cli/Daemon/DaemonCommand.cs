using System.CommandLine;
using System.CommandLine.Parsing;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Daemon;

/// <summary><c>lmgateway service install|uninstall|status</c>: the service under the machine's own manager of services.</summary>
internal sealed class DaemonCommand
{
    private readonly CommandSurroundings surroundings;
    private readonly Option<string> name = new("--name") { HelpName = "NAME", DefaultValueFactory = _ => "lmgateway", Description = "Name of the service, where there are several." };
    private readonly Option<bool> system = new("--system") { Description = "For the whole machine, from its start; needs root. Otherwise for this user (on Windows always for the machine)." };
    private readonly Option<string?> manager = new("--manager") { HelpName = "NAME", Description = "systemd, launchd or windows, in place of this machine's own; for --dry-run." };
    private readonly Option<bool> rehearse = new("--dry-run") { Description = "Only show what would be written and run." };
    private readonly Option<bool> json = ServiceOptions.JsonOption();
    private readonly Argument<string[]> arguments = new("ARGUMENTS") { Arity = ArgumentArity.ZeroOrMore, Description = "What 'lmgateway serve' is given, after --: -- --port 8002 --config /etc/lmgateway.yaml" };

    private DaemonCommand(CommandSurroundings surroundings)
    {
        this.surroundings = surroundings;
        manager.AcceptOnlyFromAmong("systemd", "launchd", "windows");
        name.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !token.Value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')) result.AddError($"--name {token.Value}: letters, digits, - and _ are expected");
        });
    }

    public static Command Build(CommandSurroundings surroundings)
    {
        var made = new DaemonCommand(surroundings);
        var service = new Command("service", "Install the service with systemd, launchd or as a Windows service.");
        service.Subcommands.Add(made.Sub("install", "Let it start with the machine or the user, and start it now. Done again it takes new arguments up.", made.InstallAsync, made.rehearse, made.arguments));
        service.Subcommands.Add(made.Sub("uninstall", "Stop it and remove what install wrote, and nothing else.", made.UninstallAsync, made.rehearse));
        service.Subcommands.Add(made.Sub("status", "Say whether it is installed and runs.", made.StatusAsync));
        return service;
    }

    private Command Sub(string verb, string description, Func<ParseResult, CommandOutput, CancellationToken, Task<int>> work, params Symbol[] more)
    {
        var command = new Command(verb, description);
        foreach (var option in new Option[] { name, system, manager, json }.Concat(more.OfType<Option>())) command.Options.Add(option);
        foreach (var argument in more.OfType<Argument>()) command.Arguments.Add(argument);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            return CommandRun.RunAsync(output, () => work(parsed, output, cancellationToken), cancellationToken);
        });
        return command;
    }

    private async Task<int> InstallAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var (plan, told, isRehearsal) = (PlanOf(parsed), new DaemonTold(), parsed.GetValue(rehearse));
        await new DaemonWork(plan, told, isRehearsal).InstallAsync(cancellationToken);
        Tell(output, plan, told, new Outcome("installed", !isRehearsal, isRehearsal));
        if (output.Json || isRehearsal) return ExitCodes.Success;
        output.Line($"Installed with {plan.Manager} and started.");
        foreach (var next in plan.Next) output.Line($"  {next}");
        return ExitCodes.Success;
    }

    private async Task<int> UninstallAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var (plan, told, isRehearsal) = (PlanOf(parsed), new DaemonTold(), parsed.GetValue(rehearse));
        var wasThere = await new DaemonWork(plan, told, isRehearsal).UninstallAsync(cancellationToken);
        Tell(output, plan, told, new Outcome("uninstalled", wasThere && !isRehearsal, isRehearsal));
        if (!output.Json && !isRehearsal) output.Line(wasThere ? "Uninstalled. Settings and state are kept." : "It is not installed; nothing to do.");
        return ExitCodes.Success;
    }

    private async Task<int> StatusAsync(ParseResult parsed, CommandOutput output, CancellationToken cancellationToken)
    {
        var plan = PlanOf(parsed);
        var isInstalled = plan.File is null || File.Exists(plan.File.Path);
        var (code, said) = isInstalled ? await new DaemonWork(plan, new DaemonTold(), isRehearsal: false).StatusAsync(cancellationToken) : (1, "");
        var isRunning = isInstalled && code == 0 && (plan.Program != "sc.exe" || said.Contains("RUNNING", StringComparison.Ordinal));
        if (plan.File is null) isInstalled = code == 0;
        if (output.Json)
        {
            output.Document(writer =>
            {
                writer.WriteString("manager", plan.Manager);
                writer.WriteBoolean("installed", isInstalled);
                writer.WriteBoolean("running", isRunning);
                writer.WriteString("file", plan.File?.Path);
            });
        }
        else
        {
            output.Line(!isInstalled ? $"Not installed with {plan.Manager}." : $"Installed with {plan.Manager}{(plan.File is { } file ? $" ({file.Path})" : "")}, {(isRunning ? "running" : $"not running: {said.Trim()}")}.");
        }

        return isRunning ? ExitCodes.Success : ExitCodes.Failed;
    }

    private static void Tell(CommandOutput output, DaemonPlan plan, DaemonTold told, Outcome outcome)
    {
        if (!output.Json)
        {
            if (outcome.IsRehearsal) foreach (var (did, what, text) in told.Steps) WriteStep(output, did, what, text);
            return;
        }

        output.Document(writer =>
        {
            writer.WriteString("manager", plan.Manager);
            writer.WriteBoolean(outcome.Verb, outcome.Done);
            writer.WriteBoolean("dryRun", outcome.IsRehearsal);
            writer.WriteStartArray("steps");
            foreach (var (did, what, text) in told.Steps)
            {
                writer.WriteStartObject();
                writer.WriteString("did", did);
                writer.WriteString("what", what);
                if (text is not null) writer.WriteString("text", text);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    private sealed record Outcome(string Verb, bool Done, bool IsRehearsal);

    private static void WriteStep(CommandOutput output, string did, string what, string? text)
    {
        output.Line(did switch
        {
            "ran" => $"would run: {what}",
            "removed" => $"would remove: {what}",
            "unchanged" => $"is there already: {what}",
            _ => $"would write: {what}",
        });
        if (text is not null) output.Line(text.TrimEnd('\n'));
    }

    private DaemonPlan PlanOf(ParseResult parsed)
    {
        var kind = parsed.GetValue(manager) switch
        {
            "systemd" => DaemonKind.Systemd,
            "launchd" => DaemonKind.Launchd,
            "windows" => DaemonKind.Windows,
            _ => OperatingSystem.IsWindows() ? DaemonKind.Windows : OperatingSystem.IsMacOS() ? DaemonKind.Launchd : DaemonKind.Systemd,
        };
        var home = surroundings.Variable(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return DaemonPlans.Of(kind, new DaemonOrder(OwnProgram(), parsed.CommandResult.GetResult(arguments) is null ? [] : parsed.GetValue(arguments) ?? [], parsed.GetValue(system))
        {
            Name = parsed.GetValue(name)!,
            Home = home,
            ConfigurationHome = surroundings.Variable("XDG_CONFIG_HOME"),
        });
    }

    /// <summary>How this program was started: by itself, or as an assembly by <c>dotnet</c>.</summary>
    private static IReadOnlyList<string> OwnProgram()
    {
        var process = Environment.ProcessPath ?? "lmgateway";
        return Path.GetFileNameWithoutExtension(process) == "dotnet" ? [process, Path.Combine(AppContext.BaseDirectory, "lmgateway.dll")] : [process];
    }
}
