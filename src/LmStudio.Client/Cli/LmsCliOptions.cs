namespace LmStudio.Client.Cli;

/// <summary>How to find and run the <c>lms</c> program.</summary>
public sealed record LmsCliOptions
{
    /// <summary>The program; null looks on PATH and then in LM Studio's home folder.</summary>
    public string? Program { get; init; }

    /// <summary>LM Studio's home folder; null finds it.</summary>
    public string? HomeFolder { get; init; }

    /// <summary>
    /// The server that commands are sent to, host and port only; null is the local LM Studio. With an address the program never
    /// starts LM Studio by itself.
    /// </summary>
    public Uri? Server { get; init; }

    /// <summary>Whether a command may start LM Studio when it is not running, which <c>lms</c> would do unasked.</summary>
    public bool MayStartLmStudio { get; init; }

    /// <summary>Limit for a command that only asks. Generous: a linked or cold machine takes tens of seconds.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest silence of a load, a download or an import.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The clock of every deadline.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
