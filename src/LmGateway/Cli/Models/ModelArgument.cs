using System.CommandLine;
using LmGateway.Cli.Completion;

namespace LmGateway.Cli.Models;

/// <summary>The argument that names a model; shells complete it from the running service.</summary>
internal static class ModelArgument
{
    public static Argument<string> Required(CommandSurroundings surroundings, string description = "The model's key, or a unique part of it.") =>
        Completed(new Argument<string>("MODEL") { HelpName = "MODEL", Description = description }, surroundings);

    public static Argument<string?> Optional(CommandSurroundings surroundings, string description) =>
        Completed(new Argument<string?>("MODEL") { HelpName = "MODEL", Description = description, Arity = ArgumentArity.ZeroOrOne }, surroundings);

    /// <summary>The name as part of a path: slashes stay, because keys have them.</summary>
    public static string Path(string model) => string.Join('/', model.Split('/').Select(Uri.EscapeDataString));

    private static Argument<T> Completed<T>(Argument<T> argument, CommandSurroundings surroundings)
    {
        argument.CompletionSources.Add(_ => ModelNames.Known(surroundings));
        return argument;
    }
}
