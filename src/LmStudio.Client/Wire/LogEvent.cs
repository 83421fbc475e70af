using System.Text.Json;

namespace LmStudio.Client.Wire;

/// <summary>One event of LM Studio's log. Prompts and answers are in there in full.</summary>
public abstract record LogEvent(DateTimeOffset Timestamp)
{
    /// <summary>What a model was given.</summary>
    public sealed record PredictionInput(DateTimeOffset Timestamp, string Input, string? ModelPath, string? ModelIdentifier) : LogEvent(Timestamp);

    /// <summary>What a model made of it.</summary>
    public sealed record PredictionOutput(DateTimeOffset Timestamp, string Output, string? ModelIdentifier, PredictionStats? Stats) : LogEvent(Timestamp);

    /// <summary>A line of the server: <c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</summary>
    public sealed record Server(DateTimeOffset Timestamp, string? Level, string Content) : LogEvent(Timestamp);

    /// <summary>A line of an engine.</summary>
    public sealed record Runtime(DateTimeOffset Timestamp, string? Level, string Message, string? EngineName, string? ModelIdentifier) : LogEvent(Timestamp);

    /// <summary>A kind of event that this library does not know.</summary>
    public sealed record Other(DateTimeOffset Timestamp, string? Type, JsonElement Data) : LogEvent(Timestamp);

    internal static LogEvent? TryRead(JsonElement message)
    {
        if (message.Text("type") != "log" || message.Member("log") is not { } log || log.Member("data") is not { } data) return null;
        var time = log.Number("timestamp") is { } ms and >= 0 and < 2.2e14 ? DateTimeOffset.FromUnixTimeMilliseconds((long)ms) : default;
        return data.Text("type") switch
        {
            "llm.prediction.input" => new PredictionInput(time, data.Text("input") ?? "", data.Text("modelPath"), data.Text("modelIdentifier")),
            "llm.prediction.output" => new PredictionOutput(time, data.Text("output") ?? "", data.Text("modelIdentifier"),
                data.Member("stats") is { } stats ? PredictionStats.Read(stats) : null),
            "server.log" => new Server(time, data.Text("level"), data.Text("content") ?? ""),
            "runtime.log" => new Runtime(time, data.Text("level"), data.Text("message") ?? "", data.Text("engineName"), data.Text("modelIdentifier")),
            var type => new Other(time, type, data),
        };
    }
}
