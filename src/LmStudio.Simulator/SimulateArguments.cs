using System.Globalization;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator;

/// <summary>The command line of <c>simulate</c>.</summary>
internal sealed record SimulateArguments
{
    /// <summary>0 takes a free port.</summary>
    public int Port { get; private set; } = 1234;

    /// <summary>An LM Studio home to write, so that <c>lms</c> finds the simulator; null writes none.</summary>
    public string? Home { get; private set; }

    /// <summary>The process that the simulator ends with, as it does with its standard input; null lives until it is stopped.</summary>
    public int? ParentPid { get; private set; }

    public SimulatorOptions Options { get; private set; } = new();

    /// <exception cref="FormatException">An option is unknown, lacks its value, or has a wrong one.</exception>
    public static SimulateArguments Parse(IReadOnlyList<string> arguments)
    {
        var parsed = new SimulateArguments();
        for (var index = 0; index < arguments.Count; index += 2)
        {
            if (index + 1 == arguments.Count) throw new FormatException($"simulate: option '{arguments[index]}' needs a value");
            parsed.Read(arguments[index], arguments[index + 1]);
        }

        return parsed;
    }

    private void Read(string option, string value)
    {
        int Whole() => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"simulate: {option} must be a whole number, not '{value}'");
        TimeSpan Milliseconds() => TimeSpan.FromMilliseconds(Whole());

        switch (option)
        {
            case "--port": Port = Whole(); break;
            case "--home": Home = value; break;
            case "--parent-pid": ParentPid = Whole(); break;
            case "--models-dir": Options = Options with { ModelsDirectory = value }; break;
            case "--model": Options = Options with { ExtraModels = [.. Options.ExtraModels, value] }; break;
            case "--api-token": Options = Options with { ApiToken = value }; break;
            case "--load-time-ms": Options = Options with { LoadTime = Milliseconds() }; break;
            case "--download-time-ms": Options = Options with { DownloadTime = Milliseconds() }; break;
            case "--tokens-per-second": Options = Options with { TokensPerSecond = Whole() }; break;
            case "--time-to-first-token-ms": Options = Options with { TimeToFirstToken = Milliseconds() }; break;
            case "--parallel": Options = Options with { ParallelSessions = Whole() }; break;
            case "--memory-models": Options = Options with { MemoryModels = Whole() }; break;
            default: throw new FormatException($"simulate: unknown option '{option}'");
        }
    }
}
