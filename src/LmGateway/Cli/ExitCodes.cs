namespace LmGateway.Cli;

/// <summary>What the program tells whoever started it.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>What was asked for could not be done.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the settings cannot be used as they are.</summary>
    public const int BadConfiguration = 2;

    /// <summary>The address to listen on cannot be had.</summary>
    public const int CannotListen = 1;
}
