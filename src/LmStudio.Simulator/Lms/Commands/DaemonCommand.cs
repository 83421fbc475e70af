using System.Text.Json;

namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms daemon status|up|down</c>: the app itself. <c>up</c> finds one that runs and starts none.</summary>
internal static class DaemonCommand
{
    public static Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken) => arguments switch
    {
        ["status", .. var rest] => StatusAsync(context, CommandLine.Parse(rest, "json"), cancellationToken),
        ["up", .. var rest] => UpAsync(context, CommandLine.Parse(rest, "json"), cancellationToken),
        ["down", .. var rest] => DownAsync(context, CommandLine.Parse(rest), cancellationToken),
        _ => throw LmsExit.Usage($"unknown command '{arguments.FirstOrDefault()}'"),
    };

    private static async Task StatusAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        using var app = await LmsApp.FindLocalAsync(context.Home, cancellationToken);
        if (app is null)
        {
            context.Terminal.WriteLine(line.Has("json") ? """{"status":"not-running"}""" : "LM Studio is not running");
            return;
        }

        var info = await InfoAsync(app, cancellationToken);
        context.Terminal.WriteLine(line.Has("json")
            ? $$"""{"status":"running","pid":{{info.Pid}},"isDaemon":true}"""
            : $"llmster v{info.Version} is running (PID: {info.Pid})");
    }

    private static async Task UpAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        using var app = await context.FindAppAsync(CommandLine.Parse([]), cancellationToken);
        var info = await InfoAsync(app, cancellationToken);
        context.Terminal.WriteLine(line.Has("json")
            ? $$"""{"status":"running","pid":{{info.Pid}},"isDaemon":true,"version":"{{info.Version}}"}"""
            : $"The daemon is already running (PID: {info.Pid}).");
    }

    private static async Task DownAsync(LmsContext context, CommandLine line, CancellationToken cancellationToken)
    {
        using var app = await LmsApp.FindLocalAsync(context.Home, cancellationToken) ?? throw new LmsExit("Daemon is not running.");
        context.Terminal.Info("Shutting down llmster...");
        await app.CallAsync("system", "requestShutdown", cancellationToken);
        await (await app.SocketAsync("system", cancellationToken)).WaitForEndAsync(cancellationToken);
        context.Terminal.Info("Done.");
    }

    private static async Task<(int Pid, string Version)> InfoAsync(LmsApp app, CancellationToken cancellationToken)
    {
        JsonElement info = await app.CallAsync("system", "info", cancellationToken);
        return (info.GetProperty("pid").GetInt32(), info.GetProperty("version").GetString()!);
    }
}
