using System.Text.Json;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms log stream</c>: the app's log from now on, until it is stopped.</summary>
internal static class LogCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, [.. LmsContext.Connection, "source|s=", "json", "stats", "filter="]);
        var source = line["source"] ?? "model";
        using var app = await context.FindAppAsync(line, cancellationToken);
        context.Terminal.Info("Streaming logs from LM Studio\n");
        var socket = await app.SocketAsync("diagnostics", cancellationToken);
        await socket.CreateAsync("streamLogs", parameter: null, cancellationToken);
        await foreach (var message in socket.MessagesAsync(cancellationToken))
        {
            var log = message.GetProperty("log");
            if (SourceOf(log) == source) context.Terminal.WriteLine(line.Has("json") ? JsonText.Of(log) : Text(log.GetProperty("data")));
        }
    }

    private static string SourceOf(JsonElement log) => log.GetProperty("data").GetProperty("type").GetString() switch
    {
        "server.log" => "server",
        "runtime.log" => "runtime",
        _ => "model",
    };

    private static string Text(JsonElement data) =>
        ((string[])["content", "input", "output"])
            .Select(name => data.TryGetProperty(name, out var text) ? text.GetString() : null)
            .First(text => text is not null)!;
}
