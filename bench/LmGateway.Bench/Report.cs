using System.Globalization;
using System.Text;
using System.Text.Json;
using LmGateway.Bench.Rig;

namespace LmGateway.Bench;

/// <summary>The figures of a run: a table while it goes on, JSON for machines, and the page for people.</summary>
internal sealed class Report(Run run, Machine machine)
{
    private readonly List<(string Part, Figure Figure)> figures = [];

    public bool Holds => figures.TrueForAll(entry => !entry.Figure.IsJudged || entry.Figure.Holds);

    public void Add(string part, Figure figure)
    {
        figures.Add((part, figure));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figure.Name,-96} {Figure.Text(figure.Value),9} {figure.Unit,-6} {figure.Goal,-9} {figure.Verdict,-4}  {figure.Beside}"));
    }

    /// <summary>A part that broke down counts as failed.</summary>
    public void AddFailure(string part, Exception fault)
    {
        figures.Add((part, new Figure($"{part}: {fault.Message}", double.NaN, "") { Most = 0 }));
        Console.WriteLine($"{part} could not be measured: {fault.Message}");
    }

    public void Write(bool isWhole)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Paths.Repository, "bench", "results")).FullName;
        File.WriteAllBytes(Path.Combine(folder, isWhole ? "latest.json" : "partial.json"), Json());
        if (isWhole) File.WriteAllText(Path.Combine(Paths.Repository, "bench", "RESULTS.md"), Page());
    }

    private byte[] Json()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("taken", machine.Taken);
            json.WriteString("run", run.Words);
            json.WriteString("cores", machine.Cores);
            json.WriteString("kernel", machine.Kernel);
            json.WriteString("runtime", machine.Runtime);
            json.WriteString("loadBefore", machine.LoadBefore);
            json.WriteStartArray("figures");
            foreach (var (part, figure) in figures) WriteFigure(json, part, figure);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        text.Write("\n"u8);
        return text.ToArray();
    }

    private static void WriteFigure(Utf8JsonWriter json, string part, Figure figure)
    {
        json.WriteStartObject();
        json.WriteString("part", part);
        json.WriteString("name", figure.Name);
        if (double.IsFinite(figure.Value)) json.WriteNumber("value", Math.Round(figure.Value, 3));
        json.WriteString("unit", figure.Unit);
        if (figure.Most is { } most) json.WriteNumber("most", most);
        if (figure.Least is { } least) json.WriteNumber("least", least);
        if (figure.IsJudged) json.WriteBoolean("holds", figure.Holds);
        if (figure.Beside.Length > 0) json.WriteString("beside", figure.Beside);
        json.WriteEndObject();
    }

    private string Page()
    {
        var page = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
            # Results

            Written by `bench/run` (a {run.Words} run) on {machine.Taken}: {machine.Cores}, {machine.Kernel}, {machine.Runtime}; load of the
            machine before it: {machine.LoadBefore}. Load generator, instant backend and all servers share the machine. [README.md](README.md) says how each
            figure is taken; [decision 0006](../docs/decisions/0006-runtime-settings.md) has the profile and the next step of rows that say `FAIL`.
            """);
        foreach (var part in figures.GroupBy(entry => entry.Part))
        {
            page.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {part.Key}").AppendLine().AppendLine("| figure | value | to hold | | measured |").AppendLine("| --- | --- | --- | --- | --- |");
            foreach (var (_, figure) in part)
                page.AppendLine(CultureInfo.InvariantCulture, $"| {figure.Name} | {$"{Figure.Text(figure.Value)} {figure.Unit}".Trim()} | {figure.Goal.Replace("<=", "≤", StringComparison.Ordinal).Replace(">=", "≥", StringComparison.Ordinal)} | {figure.Verdict} | {figure.Beside} |");
        }

        return page.ToString();
    }
}
