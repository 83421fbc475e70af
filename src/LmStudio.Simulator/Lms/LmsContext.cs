namespace LmStudio.Simulator.Lms;

/// <summary>What every command works with.</summary>
internal sealed record LmsContext(LmsTerminal Terminal, LmStudioHome Home, IReadOnlyDictionary<string, string> Environment, TimeProvider TimeProvider)
{
    /// <summary>The options by which a command that connects may be sent to another app.</summary>
    public static readonly string[] Connection = ["host=", "port="];

    public Task<LmsApp> FindAppAsync(CommandLine line, CancellationToken cancellationToken) => LmsApp.FindAsync(line, Home, cancellationToken);
}
