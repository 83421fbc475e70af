namespace LmGateway.Cli.Daemon;

/// <summary>A file to write.</summary>
internal sealed record PlannedFile(string Path, string Text);

/// <summary>A program to run. Where it may fail, what follows is done all the same.</summary>
internal sealed record PlannedCommand(IReadOnlyList<string> Words, bool MayFail = false)
{
    public override string ToString() => string.Join(' ', Words.Select(Quoted));

    private static string Quoted(string word) => word.Contains(' ', StringComparison.Ordinal) || word.Contains('"', StringComparison.Ordinal) ? $"'{word}'" : word;
}

/// <summary>
/// What installing and uninstalling come to for one manager of services: one file at most, commands after it, and commands that undo it. Made of
/// values alone, so that it can be shown for any system on any other.
/// </summary>
internal sealed record DaemonPlan
{
    /// <summary>The first line of every file that is written here. A file without it is somebody else's, and stays.</summary>
    public const string Mark = "Written by 'lmgateway service install'; 'lmgateway service uninstall' removes it.";

    /// <summary>The manager's name for people.</summary>
    public required string Manager { get; init; }

    /// <summary>The program that the commands need, looked for on the PATH.</summary>
    public required string Program { get; init; }

    public PlannedFile? File { get; init; }

    public required IReadOnlyList<PlannedCommand> Install { get; init; }

    /// <summary>Before the file is removed.</summary>
    public required IReadOnlyList<PlannedCommand> Uninstall { get; init; }

    /// <summary>After the file was removed.</summary>
    public IReadOnlyList<PlannedCommand> Afterwards { get; init; } = [];

    public required PlannedCommand Status { get; init; }

    /// <summary>What people do next, once it is installed.</summary>
    public required IReadOnlyList<string> Next { get; init; }
}

/// <summary>What is to run as a service.</summary>
/// <param name="Program">The program's words: the executable, or <c>dotnet</c> and the assembly.</param>
/// <param name="Arguments">What <c>serve</c> is given.</param>
/// <param name="IsForMachine">For the whole machine, from its start; otherwise for this user.</param>
internal sealed record DaemonOrder(IReadOnlyList<string> Program, IReadOnlyList<string> Arguments, bool IsForMachine)
{
    /// <summary>The name under which it is known.</summary>
    public string Name { get; init; } = "lmgateway";

    /// <summary>The user's home folder.</summary>
    public required string Home { get; init; }

    /// <summary>The user's configuration folder, <c>$XDG_CONFIG_HOME</c>.</summary>
    public string? ConfigurationHome { get; init; }

    public IEnumerable<string> CommandLine => [.. Program, "serve", .. Arguments];
}
