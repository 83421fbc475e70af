using System.CommandLine;

namespace LmGateway.Cli.Models;

/// <summary><c>lmgateway models …</c>: the models of the service that runs, or of the backends themselves where none does.</summary>
internal static class ModelsCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("models", "List, load, unload, download, remove and copy models.");
        command.Subcommands.Add(ListCommand.Build(surroundings));
        command.Subcommands.Add(LoadCommand.Build(surroundings));
        command.Subcommands.Add(UnloadCommand.Build(surroundings));
        command.Subcommands.Add(ActivateCommand.Build(surroundings));
        command.Subcommands.Add(SearchCommand.Build(surroundings));
        command.Subcommands.Add(PullCommand.Build(surroundings));
        command.Subcommands.Add(RemoveCommand.Build(surroundings));
        command.Subcommands.Add(CopyCommands.Push(surroundings));
        command.Subcommands.Add(CopyCommands.Sync(surroundings));
        return command;
    }
}
