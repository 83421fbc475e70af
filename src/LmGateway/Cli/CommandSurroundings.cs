using System.Collections;

namespace LmGateway.Cli;

/// <summary>What a command sees of the world around it, so that tests can give it another.</summary>
internal sealed record CommandSurroundings
{
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required string WorkingFolder { get; init; }
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Somebody looks at standard output; otherwise it goes into a file or another program.</summary>
    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Somebody types; otherwise input comes from a file or another program.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>One key, unseen; waits for it.</summary>
    public Func<ConsoleKeyInfo> ReadKey { get; init; } = () => Console.ReadKey(intercept: true);

    /// <summary>Columns of the terminal, asked for anew because windows change.</summary>
    public Func<int> Width { get; init; } = () => 80;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Who hears Ctrl+C; null where nobody can press it.</summary>
    public StopSignals? Signals { get; init; }

    public static CommandSurroundings OfProcess(StopSignals signals) => new()
    {
        In = Console.In,
        Out = Console.IsOutputRedirected ? OutputPipe.Open() : Console.Out,
        Error = Console.Error,
        WorkingFolder = Directory.GetCurrentDirectory(),
        Environment = ReadEnvironment(),
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Width = WindowWidth,
        Signals = signals,
    };

    /// <summary>What the environment says; null for what is unset or empty.</summary>
    public string? Variable(string name) => Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    private static int WindowWidth()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    /// <summary>Names are compared as the system does: without regard to case on Windows.</summary>
    private static Dictionary<string, string> ReadEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(
            entry => (string)entry.Key,
            entry => (string?)entry.Value ?? "",
            OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
}
