namespace LmGateway.Cli;

/// <summary>Why a command cannot do what it was asked for, in the same words for people and for programs.</summary>
/// <param name="Code">A word for programs, such as <c>no_service</c>.</param>
/// <param name="Message">What is wrong, as a sentence.</param>
internal sealed record CommandFailure(string Code, string Message)
{
    /// <summary>What to do about it.</summary>
    public string? Next { get; init; }

    public int ExitCode { get; init; } = ExitCodes.Failed;

    /// <summary>Every fault of an input that has several.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>A mistake on the command line.</summary>
    public static CommandFailure Usage(string message, string? next = null) =>
        new("usage", message) { Next = next, ExitCode = ExitCodes.BadConfiguration };
}

/// <summary>Ends a command; the message is told once, where the command was started.</summary>
internal sealed class CommandException(CommandFailure failure, Exception? cause = null) : Exception(failure.Message, cause)
{
    public CommandException(string code, string message, string? next = null)
        : this(new CommandFailure(code, message) { Next = next })
    {
    }

    public CommandFailure Failure { get; } = failure;
}
