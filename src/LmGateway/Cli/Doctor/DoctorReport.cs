using System.Text;
using System.Text.Json;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary>Settings and findings, for people and for programs.</summary>
internal sealed record DoctorReport(LoadedSettings Loaded, IReadOnlyList<Finding> Findings)
{
    /// <summary>The running service whose settings these are; null for those of a service that would start here.</summary>
    public string? Service { get; init; }

    public bool IsBroken => Findings.Any(finding => finding.Level == FindingLevel.Broken);

    public void WriteText(TextWriter output)
    {
        if (Service is not null) output.WriteLine($"Settings of the service that runs at {Service}:");
        SettingsReport.WriteTable(Loaded, output);
        if (Findings.Count == 0) return;
        output.WriteLine();
        var width = Findings.Max(finding => finding.Check.Length);
        foreach (var finding in Findings)
        {
            output.WriteLine($"{Word(finding.Level),-8} {finding.Check.PadRight(width)}  {finding.Message}");
            if (finding.Fix is { } fix) output.WriteLine($"{"",-8} {"",0}{new string(' ', width)}  -> {fix}");
        }

        output.WriteLine();
        output.WriteLine(Verdict());
    }

    public void WriteJson(TextWriter output)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            SettingsReport.WriteMembers(writer, Loaded);
            writer.WriteString("service", Service);
            writer.WriteStartArray("checks");
            foreach (var finding in Findings)
            {
                writer.WriteStartObject();
                writer.WriteString("check", finding.Check);
                writer.WriteString("level", Word(finding.Level));
                writer.WriteString("code", finding.Code);
                writer.WriteString("message", finding.Message);
                writer.WriteString("fix", finding.Fix);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteBoolean("can_work", Loaded.Errors.Count == 0 && !IsBroken);
            writer.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private string Verdict()
    {
        var (broken, problems) = (Findings.Count(finding => finding.Level == FindingLevel.Broken), Findings.Count(finding => finding.Level == FindingLevel.Problem));
        if (broken > 0) return "The service cannot work like this: mend what is broken first.";
        return problems == 0 ? "All is well." : $"The service starts like this. It works once {(problems == 1 ? "the problem is" : $"the {problems} problems are")} mended; it need not be restarted for that.";
    }

    private static string Word(FindingLevel level) => level.ToString().ToLowerInvariant();
}
