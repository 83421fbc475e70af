using System.Text.Json;
using LmGateway.Cli.Output;
using LmGateway.Configuration;
using Spectre.Console;

namespace LmGateway.Cli.Doctor;

/// <summary>Settings and findings, for people and for programs.</summary>
internal sealed record DoctorReport(LoadedSettings Loaded, IReadOnlyList<Finding> Findings)
{
    /// <summary>The running service whose settings these are; null for those of a service that would start here.</summary>
    public string? Service { get; init; }

    public bool IsBroken => Findings.Any(finding => finding.Level == FindingLevel.Broken);

    public void Write(CommandOutput output)
    {
        if (output.Json) output.Document(WriteMembers);
        else WriteText(output);
    }

    /// <summary>Settings that cannot be used are shown all the same, and nothing else is checked. Returns the exit code.</summary>
    public int Refuse(CommandOutput output, CommandFailure failure)
    {
        if (!output.Json) SettingsReport.WriteTable(Loaded, output);
        return output.Fail(failure, WriteMembers);
    }

    private void WriteText(CommandOutput output)
    {
        if (Service is not null) output.Line($"Settings of the service that runs at {Service}:");
        SettingsReport.WriteTable(Loaded, output);
        output.Line("");
        var width = Findings.Max(finding => finding.Check.Length);
        foreach (var finding in Findings)
        {
            WriteFinding(output, finding, width);
            if (finding.Fix is { } fix) output.Line($"{"",-8} {new string(' ', width)}  -> {fix}");
        }

        output.Line("");
        output.Line(Verdict());
    }

    private static void WriteFinding(CommandOutput output, Finding finding, int width)
    {
        var (word, rest) = ($"{Word(finding.Level),-8}", $" {finding.Check.PadRight(width)}  {finding.Message}");
        if (output.IsTerminal) output.Screen.MarkupLine($"[{Colour(finding.Level)}]{word}[/]{Markup.Escape(rest)}");
        else output.Line(word + rest);
    }

    private void WriteMembers(Utf8JsonWriter writer)
    {
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
    }

    private string Verdict()
    {
        var (broken, problems) = (Findings.Count(finding => finding.Level == FindingLevel.Broken), Findings.Count(finding => finding.Level == FindingLevel.Problem));
        if (broken > 0) return "The service cannot work like this: mend what is broken first.";
        return problems == 0 ? "All is well." : $"The service starts like this. It works once {(problems == 1 ? "the problem is" : $"the {problems} problems are")} mended; it need not be restarted for that.";
    }

    private static string Word(FindingLevel level) => level.ToString().ToLowerInvariant();

    private static string Colour(FindingLevel level) => level switch { FindingLevel.Ok => "green", FindingLevel.Note => "grey", FindingLevel.Problem => "yellow", _ => "red" };
}
