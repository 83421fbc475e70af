using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;

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
        var json = ServiceOptions.JsonOption();
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            var script = CompletionScripts.All[parsed.GetValue(shell)!].ReplaceLineEndings("\n");
            if (output.Json) output.Document(writer => writer.WriteString("script", script));
            else output.Line(script);
            return ExitCodes.Success;
        });
        return command;
    }
}
