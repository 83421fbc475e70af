using System.Globalization;
using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LmGateway.Cli.Status;

/// <summary>Shows a <see cref="TopFrame"/>: a line on the service, what runs where, and the requests.</summary>
internal static class TopText
{
    public static void WritePlain(TopFrame frame, TextWriter output)
    {
        output.WriteLine(Summary(frame));
        foreach (var table in Tables(frame))
        {
            output.WriteLine();
            table.WritePlain(output);
        }
    }

    public static IRenderable Draw(TopFrame frame, int width) =>
        new Rows([new Text(Summary(frame), new Style(decoration: Decoration.Bold)), .. Tables(frame).Select(table => table.ToSpectre(width))]);

    private static string Summary(TopFrame frame)
    {
        var (running, waiting) = (frame.Requests.Count(TopFrame.IsUnderWay), frame.Queue.Items("waiting").Sum(model => model.Whole("requests") ?? 0));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{frame.Health.Text("status")}, up {Figures.Time(TimeSpan.FromSeconds(frame.Health.Number("uptime_seconds") ?? 0))}, {running} under way, {waiting} waiting, {Figures.Number(frame.TokensPerSecond)} tokens/s, memory {Figures.Size(frame.MemoryBytes)}");
    }

    private static IEnumerable<TextTable> Tables(TopFrame frame)
    {
        if (Instances(frame) is { Count: > 0 } instances) yield return instances;
        if (Loads(frame) is { Count: > 0 } loads) yield return loads;
        if (Requests(frame) is { Count: > 0 } requests) yield return requests;
    }

    private static TextTable Instances(TopFrame frame)
    {
        var table = new TextTable(new Column("instance"), new Column("backend"), new Column("running", Figures: true), new Column("parallel", Figures: true), new Column("waiting", Figures: true));
        foreach (var instance in frame.Queue.Items("instances"))
        {
            var waiting = frame.Queue.Items("waiting").Where(model => model.Text("modelKey") == instance.Text("instanceId")).Sum(model => model.Whole("requests") ?? 0);
            table.Add(instance.Text("instanceId"), instance.Text("backend"), Whole(instance.Whole("running")), Whole(instance.Whole("parallel")), Whole(waiting));
        }

        return table;
    }

    private static TextTable Loads(TopFrame frame)
    {
        var table = new TextTable(new Column("loading"), new Column("backend"), new Column("progress", Figures: true), new Column("time", Figures: true));
        foreach (var load in frame.Queue.Items("loads"))
            table.Add(load.Text("modelKey"), load.Text("backend"), $"{Figures.Number(load.Number("progress") ?? 0)} %", Time(load.Number("elapsedMs")));
        return table;
    }

    private static TextTable Requests(TopFrame frame)
    {
        var table = new TextTable(
            new Column("request"), new Column("state"), new Column("api"), new Column("model"), new Column("caller"),
            new Column("time", Figures: true), new Column("first", Figures: true), new Column("tokens", Figures: true), new Column("tokens/s", Figures: true));
        foreach (var request in frame.Requests)
        {
            table.Add(
                request.Text("requestId"),
                new Cell(request.Text("state") ?? "-", StyleOf(request)),
                request.Text("api"),
                request.Text("modelKey") ?? request.Text("model"),
                request.Text("caller"),
                Time(request.Number("totalTimeMs")),
                Time(request.Number("firstTokenMs")),
                Whole(request.Member("tokenUsage")?.Whole("completionTokens")),
                request.Number("tokensPerSecond") is { } speed ? Figures.Number(speed) : null);
        }

        return table;
    }

    private static Style StyleOf(JsonElement request) => request.Text("state") switch
    {
        "failed" => new Style(Color.Red),
        "cancelled" => new Style(Color.Yellow),
        "done" => new Style(Color.Grey),
        _ => new Style(Color.Green),
    };

    private static string? Whole(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Time(double? milliseconds) => milliseconds is { } known ? Figures.Time(TimeSpan.FromMilliseconds(known)) : null;
}
