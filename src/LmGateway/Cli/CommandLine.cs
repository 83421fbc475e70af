using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LmGateway.Cli.Chat;
using LmGateway.Cli.Completion;
using LmGateway.Cli.Daemon;
using LmGateway.Cli.Doctor;
using LmGateway.Cli.Jobs;
using LmGateway.Cli.Keys;
using LmGateway.Cli.Models;
using LmGateway.Cli.Output;
using LmGateway.Cli.Status;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary>The commands. Without one, the service is served.</summary>
internal static class CommandLine
{
    /// <summary>Runs what the arguments ask for and returns the exit code; Ctrl+C and SIGTERM cancel it.</summary>
    public static async Task<int> RunAsync(string[] arguments, CommandHandlers handlers)
    {
        using var stop = new StopSignals();
        if (OperatingSystem.IsWindows() && !Environment.UserInteractive && WindowsService.Run(RunHereAsync, stop.Stop) is { } code) return code;
        return await RunHereAsync();

        Task<int> RunHereAsync() => RunAsync(arguments, handlers, CommandSurroundings.OfProcess(stop), stop.Token);
    }

    public static async Task<int> RunAsync(
        string[] arguments, CommandHandlers handlers, CommandSurroundings surroundings, CancellationToken cancellationToken)
    {
        // The stand-in reads its own arguments, --help and --version among them.
        if (arguments is [SimulateCommand.Name, SimulateCommand.LmsName, .. var rest])
            return await handlers.SimulateLms(rest, cancellationToken);

        var parsed = Build(handlers, surroundings).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
            return Refuse(parsed, Faults(parsed), surroundings);
        if (OptionsBeforeCommand(parsed) is { Length: > 0 } misplaced)
            return Refuse(parsed, misplaced, surroundings);
        var configuration = new InvocationConfiguration
        {
            Output = surroundings.Out,
            Error = surroundings.Error,
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (OutputClosedException)
        {
            // Whoever read the output has seen enough, as 'head' does.
            return ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it was still starting.
            return ExitCodes.Success;
        }
    }

    private static RootCommand Build(CommandHandlers handlers, CommandSurroundings surroundings)
    {
        var root = new RootCommand($"One service in front of the programs that run language models on your own machines. Without a command it serves.{Environment.NewLine}{Environment.NewLine}{ExitCodes.Legend}");
        ServeCommand.Configure(root, handlers.Serve, surroundings);
        var serve = new Command("serve", "Serve models over HTTP (what happens without a command).");
        ServeCommand.Configure(serve, handlers.Serve, surroundings);
        root.Subcommands.Add(serve);
        root.Subcommands.Add(McpCommand.Build(handlers.Mcp, surroundings));
        root.Subcommands.Add(UpCommand.Build(surroundings));
        root.Subcommands.Add(DoctorCommand.Build(surroundings));
        root.Subcommands.Add(StatusCommand.Build(surroundings));
        root.Subcommands.Add(TopCommand.Build(surroundings));
        root.Subcommands.Add(ModelsCommand.Build(surroundings));
        root.Subcommands.Add(JobsCommand.Build(surroundings));
        root.Subcommands.Add(ChatCommand.Build(surroundings));
        root.Subcommands.Add(DaemonCommand.Build(surroundings));
        root.Subcommands.Add(KeysCommand.Build(surroundings));
        root.Subcommands.Add(SimulateCommand.Build(handlers.Simulate, surroundings));
        root.Subcommands.Add(CompletionCommand.Build(surroundings));
        return root;
    }

    /// <summary>An option of the root counts only without a command: before one it would be dropped in silence.</summary>
    private static string[] OptionsBeforeCommand(ParseResult parsed) =>
        parsed.CommandResult.Parent is CommandResult parent
            ? [.. parent.Children.OfType<OptionResult>().Where(option => !option.Implicit)
                .Select(option => $"{option.Option.Name} belongs after '{parsed.CommandResult.Command.Name}'")]
            : [];

    private static int Refuse(ParseResult parsed, IEnumerable<string> errors, CommandSurroundings surroundings)
    {
        var all = errors.ToList();
        var isJson = parsed.Tokens.Any(token => token.Value == "--json");
        var failure = CommandFailure.Usage(all[0], $"Run 'lmgateway {PathOf(parsed.CommandResult)}--help' for what can be given.");
        return new CommandOutput(surroundings, isJson).Fail(failure with { Details = [.. all.Skip(1)] });
    }

    /// <summary>What is wrong with a command line, in our own words where the library's say little.</summary>
    private static IEnumerable<string> Faults(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        if (command.Command is { Subcommands.Count: > 0, Action: null } group) return [Unfinished(parsed, group)];
        var missing = command.Command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > (command.GetResult(argument)?.Tokens.Count ?? 0)).Select(argument => argument.Name).ToList();
        if (missing.Count > 0 && parsed.UnmatchedTokens.Count == 0) return [$"'{PathOf(command).TrimEnd()}' needs {string.Join(" and ", missing)}."];
        // What follows an option that there is not is no fault of its own.
        var wrongOption = parsed.UnmatchedTokens.FirstOrDefault(IsOption);
        var after = parsed.UnmatchedTokens.Where(token => wrongOption is not null && !IsOption(token)).Select(token => $"'{token}'").ToList();
        return parsed.Errors.Select(error => OneLine(error.Message)).Where(error => !after.Exists(word => error.Contains(word, StringComparison.Ordinal))).Select(error => error + Meant(parsed, error)).DefaultIfEmpty(OneLine(parsed.Errors[0].Message));
    }

    private static bool IsOption(string token) => token.StartsWith('-');

    /// <summary>The library sets lists one below the other.</summary>
    private static string OneLine(string message) =>
        message.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var first, .. { Length: > 0 } list] ? $"{first} {string.Join(", ", list)}." : message;

    /// <summary>What was probably meant by a word that is none of ours.</summary>
    private static string Meant(ParseResult parsed, string error)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.FirstOrDefault(token => error.Contains($"'{token}'", StringComparison.Ordinal)) is not { } wrong) return "";
        var known = IsOption(wrong) ? command.Options.Where(option => !option.Hidden).Select(option => option.Name) : command.Subcommands.Select(sub => sub.Name);
        if (known.Contains(wrong, StringComparer.Ordinal)) return $" It belongs after '{command.Name}'.";
        return DidYouMean.Nearest(wrong, known) is { } meant ? $" Did you mean '{meant}'?" : "";
    }

    /// <summary>A command that others stand under was given without one of them, or with one that there is not.</summary>
    private static string Unfinished(ParseResult parsed, Command group)
    {
        var known = string.Join(", ", group.Subcommands.Select(command => command.Name));
        return parsed.UnmatchedTokens.FirstOrDefault(token => !token.StartsWith('-')) is { } wrong
            ? $"'{group.Name}' has no command '{wrong}'; there is {known}.{Meant(parsed, $"'{wrong}'")}"
            : $"'{group.Name}' needs a command: {known}.";
    }

    /// <summary>The words that lead to a command, each followed by a blank.</summary>
    private static string PathOf(CommandResult command) => command.Parent is CommandResult parent ? $"{PathOf(parent)}{command.Command.Name} " : "";
}
