namespace LmStudio.Client.Cli;

/// <summary>The <c>lms</c> program could not be used, or failed.</summary>
public sealed class LmsException : LmStudioException
{
    internal LmsException(LmsFailure failure, string message, int? exitCode = null, Exception? innerException = null)
        : base(message, innerException) => (Failure, ExitCode) = (failure, exitCode);

    /// <summary>What went wrong.</summary>
    public LmsFailure Failure { get; }

    /// <summary>The program's exit code, when it ended by itself. It is weak evidence: several failures exit with 0.</summary>
    public int? ExitCode { get; }
}

/// <summary>Why <c>lms</c> was of no use.</summary>
public enum LmsFailure
{
    /// <summary>The program is not installed or cannot be started.</summary>
    NotInstalled,

    /// <summary>LM Studio is not running, and the command would have started it.</summary>
    NotRunning,

    /// <summary>The command took too long and was killed.</summary>
    TimedOut,

    /// <summary>No downloaded model has this key.</summary>
    ModelNotFound,

    /// <summary>No loaded instance has this identifier.</summary>
    IdentifierNotFound,

    /// <summary>The command failed, or said it had succeeded and had not.</summary>
    Failed,

    /// <summary>The program printed something that it should not have.</summary>
    UnexpectedOutput,
}
