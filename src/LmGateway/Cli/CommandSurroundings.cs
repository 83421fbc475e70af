using System.Collections;

namespace LmGateway.Cli;

/// <summary>What a command sees of the world around it, so that tests can give it another.</summary>
internal sealed record CommandSurroundings
{
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required string WorkingFolder { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public static CommandSurroundings OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        WorkingFolder = Directory.GetCurrentDirectory(),
        Environment = ReadEnvironment(),
    };

    /// <summary>Names are compared as the system does: without regard to case on Windows.</summary>
    private static Dictionary<string, string> ReadEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            entry => (string)entry.Key,
            entry => (string?)entry.Value ?? "",
            OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
}
