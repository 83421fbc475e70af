namespace LmGateway.Cli;

/// <summary>What the program tells whoever started it.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>What was asked for could not be done.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the settings cannot be used as they are.</summary>
    public const int BadConfiguration = 2;

    /// <summary>No service answers, and the command needs one.</summary>
    public const int NoService = 3;

    /// <summary><c>status</c>: the service answers, and something that it needs does not.</summary>
    public const int Degraded = 4;

    /// <summary>Ctrl+C ended it before its work was done.</summary>
    public const int Interrupted = 130;

    /// <summary>For the help of the program; docs/cli.md says the same.</summary>
    public const string Legend = "Exit codes: 0 done; 1 it could not be done; 2 the command line or the settings cannot be used; 3 no service answers; 4 status: a backend or NATS is away; 130 interrupted.";
}
