using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using LmGateway.Cli.Doctor;

namespace LmGateway.Cli;

/// <summary>The commands. Without one, the service is served.</summary>
internal static class CommandLine
{
    /// <summary>Runs what the arguments ask for and returns the exit code; Ctrl+C and SIGTERM cancel it.</summary>
    public static async Task<int> RunAsync(string[] arguments, CommandHandlers handlers)
    {
        using var stop = new StopSignals();
        return await RunAsync(arguments, handlers, CommandSurroundings.OfProcess(), stop.Token);
    }

    public static async Task<int> RunAsync(
        string[] arguments, CommandHandlers handlers, CommandSurroundings surroundings, CancellationToken cancellationToken)
    {
        // The stand-in reads its own arguments, --help and --version among them.
        if (arguments is [SimulateCommand.Name, SimulateCommand.LmsName, .. var rest])
            return await handlers.SimulateLms(rest, cancellationToken);

        var parsed = Build(handlers, surroundings).Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
            return await RefuseAsync(parsed, parsed.Errors.Select(error => error.Message), surroundings);
        if (OptionsBeforeCommand(parsed) is { Length: > 0 } misplaced)
            return await RefuseAsync(parsed, misplaced, surroundings);
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
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it was still starting.
            return ExitCodes.Success;
        }
    }

    private static RootCommand Build(CommandHandlers handlers, CommandSurroundings surroundings)
    {
        var root = new RootCommand("One service in front of the programs that run language models on your own machines. Without a command it serves.");
        ServeCommand.Configure(root, handlers.Serve, surroundings);
        var serve = new Command("serve", "Serve models over HTTP (what happens without a command).");
        ServeCommand.Configure(serve, handlers.Serve, surroundings);
        root.Subcommands.Add(serve);
        root.Subcommands.Add(McpCommand.Build(handlers.Mcp, surroundings));
        root.Subcommands.Add(UpCommand.Build(handlers.Up, surroundings));
        root.Subcommands.Add(DoctorCommand.Build(surroundings));
        root.Subcommands.Add(ModelsCommand.Build(surroundings));
        root.Subcommands.Add(KeysCommand.Build(surroundings));
        root.Subcommands.Add(SimulateCommand.Build(handlers.Simulate));
        return root;
    }

    /// <summary>An option of the root counts only without a command: before one it would be dropped in silence.</summary>
    private static string[] OptionsBeforeCommand(ParseResult parsed) =>
        parsed.CommandResult.Parent is CommandResult parent
            ? [.. parent.Children.OfType<OptionResult>().Where(option => !option.Implicit)
                .Select(option => $"{option.Option.Name} belongs after '{parsed.CommandResult.Command.Name}'")]
            : [];

    private static async Task<int> RefuseAsync(ParseResult parsed, IEnumerable<string> errors, CommandSurroundings surroundings)
    {
        foreach (var error in errors)
            await surroundings.Error.WriteLineAsync($"lmgateway: {error}");
        var command = parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ";
        await surroundings.Error.WriteLineAsync($"Run 'lmgateway {command}--help' for what can be given.");
        return ExitCodes.BadConfiguration;
    }
}
