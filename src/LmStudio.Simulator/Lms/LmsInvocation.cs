namespace LmStudio.Simulator.Lms;

/// <summary>One call of the <c>lms</c> stand-in: what it was given and where it writes. Standard input is always closed.</summary>
public sealed record LmsInvocation
{
    public required IReadOnlyList<string> Arguments { get; init; }
    public required TextWriter Output { get; init; }
    public required TextWriter Error { get; init; }

    /// <summary>The environment variables; <c>HOME</c> (or <c>USERPROFILE</c>) and <c>LMS_API_SERVER_INFO_PATH</c> are read.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
