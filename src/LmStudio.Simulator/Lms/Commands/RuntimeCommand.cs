namespace LmStudio.Simulator.Lms.Commands;

/// <summary><c>lms runtime ls</c>: the engines and which one is selected.</summary>
internal static class RuntimeCommand
{
    public static async Task RunAsync(LmsContext context, string[] arguments, CancellationToken cancellationToken)
    {
        using var app = await context.FindAppAsync(CommandLine.Parse(arguments, LmsContext.Connection), cancellationToken);
        var engines = await app.CallAsync("runtime", "listEngines", cancellationToken);
        List<string[]> rows = [["LLM ENGINE", "SELECTED", "MODEL FORMAT"]];
        foreach (var engine in engines.EnumerateArray())
        {
            var formats = string.Join(", ", engine.GetProperty("supportedModelFormatNames").EnumerateArray().Select(format => format.GetString()));
            rows.Add([$"{engine.GetProperty("name").GetString()}@{engine.GetProperty("version").GetString()}", Centred("✓", 8), Centred(formats, 12)]);
        }

        context.Terminal.Write(LmsText.Table(rows));
    }

    private static string Centred(string text, int width) => text.PadLeft((width + text.Length) / 2).PadRight(width);
}
