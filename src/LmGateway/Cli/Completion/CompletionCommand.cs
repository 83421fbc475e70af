using System.CommandLine;

namespace LmGateway.Cli.Completion;

/// <summary><c>lmgateway completion SHELL</c>: the script by which a shell asks the program for the words that can follow.</summary>
internal static class CompletionCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("completion", "Print the script that completes commands, options and models in a shell.");
        var shell = new Argument<string>("SHELL") { HelpName = "SHELL", Description = $"{string.Join(", ", CompletionScripts.All.Keys)}." };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.All.Keys]);
        command.Arguments.Add(shell);
        command.SetAction(parsed =>
        {
            surroundings.Out.WriteLine(CompletionScripts.All[parsed.GetValue(shell)!].ReplaceLineEndings("\n"));
            return ExitCodes.Success;
        });
        return command;
    }
}
