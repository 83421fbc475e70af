namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms status</c>: the HTTP server and what is loaded, for people.</summary>
internal static class StatusCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        var line = CommandLine.Parse(arguments, LmsContext.Connection);
        if (await ServerCommand.RunningPortAsync(context, cancellationToken) is not { } port)
        {
            context.Terminal.WriteLine("Server:  OFF \n\nTo start the server, run:\n\n    lms server start");
            return;
        }

        using var app = await context.FindAppAsync(line, cancellationToken);
        context.Terminal.WriteLine($"Server: ON (port: {port})\n");
        var loaded = await app.LoadedAsync(cancellationToken);
        context.Terminal.WriteLine(loaded.Count == 0 ? "No Models Loaded" : "Loaded Models");
        foreach (var (_, info) in loaded)
            context.Terminal.WriteLine($"  · {info.GetProperty("identifier").GetString()} - {LmsText.DecimalSize(info.GetProperty("sizeBytes").GetInt64())}");
    }
}
