using System.CommandLine;
using LmGateway.Cli.Models;
using LmGateway.Cli.Service;

namespace LmGateway.Cli.Chat;

/// <summary><c>lmgateway chat [MODEL] [PROMPT]</c>: one answer where a prompt is given or piped, a conversation otherwise.</summary>
internal static class ChatCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("chat", "Talk with a model. With a prompt, or with input from a pipe, it answers once; otherwise it converses until /exit.");
        var model = ModelArgument.Optional(surroundings, "The model; the active one, or the only one loaded, if left out or '-'.");
        var prompt = new Argument<string[]>("PROMPT") { Arity = ArgumentArity.ZeroOrMore, Description = "What to ask. What is piped in comes after it." };
        var system = new Option<string?>("--system", "-s") { HelpName = "TEXT", Description = "How the model shall behave." };
        var images = new Option<string[]>("--image", "-i") { HelpName = "FILE", Description = "A picture to ask about; may be given several times." };
        var tokens = new Option<int?>("--max-tokens") { HelpName = "N", Description = "Longest answer." };
        var temperature = new Option<double?>("--temperature", "-t") { HelpName = "T", Description = "0 to 2." };
        var noHistory = new Option<bool>("--no-history") { Description = "Neither read nor write the file of what was typed before." };
        var stdin = new Option<bool>("--stdin") { Description = "Wait for what is piped in until it ends, however late it begins." };
        command.Arguments.Add(model);
        command.Arguments.Add(prompt);
        foreach (var option in new Option[] { system, images, tokens, temperature, stdin, noHistory }) command.Options.Add(option);
        var service = new ServiceOptions(command, surroundings);
        service.Run(command, WithoutService.WorkDirectly, async (call, cancellationToken) =>
        {
            var settings = new ChatSettings
            {
                Model = call.Parsed.GetValue(model) is { } named and not "-" ? named : null,
                System = call.Parsed.GetValue(system),
                MaxTokens = call.Parsed.GetValue(tokens),
                Temperature = call.Parsed.GetValue(temperature),
                Images = [.. (call.Parsed.GetValue(images) ?? []).Select(file => ImageFile.Read(file, surroundings.WorkingFolder))],
            };
            var asked = await PromptAsync(call, string.Join(' ', call.Parsed.GetValue(prompt) ?? []), call.Parsed.GetValue(stdin), cancellationToken);
            if (asked is not null) return await OneAnswer.RunAsync(call, settings, asked, cancellationToken);
            if (call.Output.Json) throw new CommandException(CommandFailure.Usage("--json answers once, and needs a prompt.", "Give a prompt after the model, or pipe one in."));
            return await Conversation.RunAsync(call, settings, call.Parsed.GetValue(noHistory), cancellationToken);
        });
        return command;
    }

    /// <summary>What was typed, and after it what was piped in; null where there is neither, which asks for a conversation.</summary>
    private static async Task<string?> PromptAsync(ServiceCall call, string typed, bool isAwaited, CancellationToken cancellationToken)
    {
        var piped = await PipedText.ReadAsync(call, isAwaited || typed.Length == 0, cancellationToken);
        var prompt = string.Join("\n\n", new[] { typed, piped }.Where(part => part.Length > 0));
        if (prompt.Length > 0) return prompt;
        return call.Surroundings.InIsTerminal ? null : throw new CommandException(CommandFailure.Usage("There is no prompt: none was given and nothing was piped in.", "Give it after the model: lmgateway chat MODEL PROMPT; a model of '-' is the active one."));
    }
}
