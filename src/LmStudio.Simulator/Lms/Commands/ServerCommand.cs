using System.Text.Json.Nodes;
using LmStudio.Simulator.WebSockets;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms server start|stop|status</c>: the HTTP server, not the app.</summary>
internal static class ServerCommand
{
    private const int DefaultPort = 1234;
    private const int Probes = 5;

    public static Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken) => arguments switch
    {
        ["start", .. var rest] => StartAsync(context, CommandLine.Parse(rest, "port|p=", "bind=", "cors"), cancellationToken),
        ["stop", .. var rest] => StopAsync(context, CommandLine.Parse(rest), cancellationToken),
        ["status", .. var rest] => StatusAsync(context, CommandLine.Parse(rest, "json"), cancellationToken),
        _ => throw LmsExit.Usage($"unknown command '{arguments.FirstOrDefault()}'"),
    };

    private static async Task StartAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        var port = line["port"] is { } text ? Port(text) : context.Home.HttpServer()?.Port ?? DefaultPort;
        var bind = line["bind"] ?? context.Environment.GetValueOrDefault("LMS_SERVER_HOST") ?? "127.0.0.1";
        using var app = await context.FindAppAsync(CommandLine.Parse([]), cancellationToken);
        if (line.Has("cors")) context.Terminal.Warn("CORS is enabled. Any website that you visit can use the server.");
        var parameter = new JsonObject { ["port"] = port, ["cors"] = line.Has("cors"), ["networkInterface"] = bind };
        await app.CallAsync("system", "startHttpServer", cancellationToken, parameter);
        for (var probe = 0; probe < Probes; probe++)
        {
            if (probe > 0) await Task.Delay(TimeSpan.FromSeconds(1), context.TimeProvider, cancellationToken);
            if (!await LmsApp.AnswersAsync("127.0.0.1", port, cancellationToken)) continue;
            context.Terminal.Info($"Success! Server is now running on port {port}");
            return;
        }

        throw LmsExit.Error("Failed to verify the server is running. Please try to use another port.");
    }

    private static async Task StopAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        if (await RunningPortAsync(context, cancellationToken) is not { } port) throw LmsExit.Error("The server is not running.");
        using var app = await context.FindAppAsync(line, cancellationToken);
        await app.CallAsync("system", "stopHttpServer", cancellationToken);
        context.Terminal.Info($"Stopped the server on port {port}.");
    }

    private static async Task StatusAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        var running = await RunningPortAsync(context, cancellationToken);
        var text = running is { } port ? $"The server is running on port {port}." : "The server is not running.";
        if (!line.Has("json")) context.Terminal.Info(text);
        else context.Terminal.WriteLine(JsonText.Of(new JsonObject { ["running"] = running is not null }.With("port", context.Home.HttpServer()?.Port)));
    }

    /// <summary>The port at which the HTTP server answers now; null when it does not or was never used.</summary>
    public static async Task<int?> RunningPortAsync(LmsContext context, CancellationToken cancellationToken) =>
        context.Home.HttpServer() is { } server && await LmsApp.AnswersAsync(server.Host, server.Port, cancellationToken) ? server.Port : null;

    private static int Port(string text) =>
        int.TryParse(text, out var port) ? port : throw LmsExit.Usage($"option '-p, --port <port>' argument '{text}' is invalid. Not a number");
}
