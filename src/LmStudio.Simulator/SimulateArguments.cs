using System.Globalization;
using LmStudio.Simulator.Engine;

namespace LmStudio.Simulator;

/// <summary>The command line of <c>simulate</c>.</summary>
internal sealed record SimulateArguments
{
    /// <summary>0 takes a free port.</summary>
    public int Port { get; init; } = 1234;

    /// <summary>An LM Studio home to write, so that <c>lms</c> finds the simulator; null writes none.</summary>
    public string? Home { get; init; }

    /// <summary>The process that the simulator ends with, as it does with its standard input; null lives until it is stopped.</summary>
    public int? ParentPid { get; init; }

    public SimulatorOptions Options { get; init; } = new();

    /// <exception cref="FormatException">An option is unknown, lacks its value, or has a wrong one.</exception>
    public static SimulateArguments Parse(IReadOnlyList<string> arguments)
    {
        var parsed = new SimulateArguments();
        foreach (var pair in arguments.Chunk(2))
            parsed = pair is [var option, var value] ? parsed.With(option, value) : throw new FormatException($"simulate: option '{pair[0]}' needs a value");
        return parsed;
    }

    private SimulateArguments With(string option, string value) => option switch
    {
        "--port" => this with { Port = Whole(option, value) },
        "--home" => this with { Home = value },
        "--parent-pid" => this with { ParentPid = Whole(option, value) },
        _ => this with { Options = With(Options, option, value) },
    };

    private static SimulatorOptions With(SimulatorOptions options, string option, string value) => option switch
    {
        "--models-dir" => options with { ModelsDirectory = value },
        "--model" => options with { ExtraModels = [.. options.ExtraModels, value] },
        "--api-token" => options with { ApiToken = value },
        "--load-time-ms" => options with { LoadTime = Milliseconds(option, value) },
        "--download-time-ms" => options with { DownloadTime = Milliseconds(option, value) },
        "--tokens-per-second" => options with { TokensPerSecond = Whole(option, value) },
        "--time-to-first-token-ms" => options with { TimeToFirstToken = Milliseconds(option, value) },
        "--parallel" => options with { ParallelSessions = Whole(option, value) },
        "--memory-models" => options with { MemoryModels = Whole(option, value) },
        _ => throw new FormatException($"simulate: unknown option '{option}'"),
    };

    private static TimeSpan Milliseconds(string option, string value) => TimeSpan.FromMilliseconds(Whole(option, value));

    private static int Whole(string option, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"simulate: {option} must be a whole number, not '{value}'");
}
