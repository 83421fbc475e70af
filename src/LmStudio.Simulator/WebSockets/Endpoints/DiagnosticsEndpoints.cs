using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using LmStudio.Simulator.WebSockets.Validation;

namespace LmStudio.Simulator.WebSockets.Endpoints;

/// <summary><c>/diagnostics</c>: the app's log from now on; the first line tells the reader that it is attached.</summary>
internal sealed class DiagnosticsEndpoints(SimulatedLmStudio studio)
{
    private static readonly Shape Stop = new Shape.Union("type", ("stop", new Shape.Keys()));

    public IEnumerable<Endpoint> All() => [new ChannelEndpoint("streamLogs", Shapes.None, Stop, StreamAsync)];

    private async Task StreamAsync(EndpointCall call, OpenChannel channel, CancellationToken cancellationToken)
    {
        Task SendAsync(DiagnosticEvent entry) => channel.SendAsync(Message(entry), cancellationToken);

        await channel.RunUntilAskedToStopAsync("stop", async stop =>
        {
            await using var log = studio.Log.ReadAsync(stop).GetAsyncEnumerator(stop);
            var next = log.MoveNextAsync();
            await SendAsync(new DiagnosticEvent.ServerLog(studio.Now, "info", "log stream attached"));
            for (; await next; next = log.MoveNextAsync()) await SendAsync(log.Current);
        }, cancellationToken);
    }

    private static JsonObject Message(DiagnosticEvent entry) => new()
    {
        ["type"] = "log",
        ["log"] = new JsonObject { ["timestamp"] = entry.Time.ToUnixTimeMilliseconds(), ["data"] = Data(entry) },
    };

    private static JsonObject Data(DiagnosticEvent entry) => entry switch
    {
        DiagnosticEvent.PredictionInput input => new JsonObject
        {
            ["type"] = "llm.prediction.input",
            ["input"] = input.Input,
            ["modelPath"] = input.Instance.Model.Path,
            ["modelIdentifier"] = input.Instance.Identifier,
        },
        DiagnosticEvent.PredictionOutput output => new JsonObject
        {
            ["type"] = "llm.prediction.output",
            ["output"] = output.Output,
            ["modelIdentifier"] = output.Instance.Identifier,
            ["stats"] = PredictionMessages.Stats(output.Stats),
        },
        DiagnosticEvent.ServerLog line => new JsonObject { ["type"] = "server.log", ["content"] = line.Content, ["level"] = line.Level },
        _ => throw new ArgumentOutOfRangeException(nameof(entry)),
    };
}
