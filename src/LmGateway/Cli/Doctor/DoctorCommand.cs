using System.CommandLine;
using System.CommandLine.Parsing;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary><c>lmgateway doctor</c>: what <c>serve</c> would start with here, or what the service that runs has, and whether it can work so.</summary>
internal static class DoctorCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("doctor", "Show every setting with its value and source, then check what the service needs, and say how to mend what is wrong.");
        var json = new Option<bool>("--json") { Description = "Print JSON for programs." };
        command.Options.Add(json);
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await ExamineAsync(settings.Load(parsed, surroundings), surroundings, cancellationToken);
            if (parsed.GetValue(json)) report.WriteJson(surroundings.Out);
            else report.WriteText(surroundings.Out);
            if (report.Loaded.Errors.Count == 0) return report.IsBroken ? ExitCodes.Failed : ExitCodes.Success;
            SettingsReport.WriteErrors(report.Loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
        return command;
    }

    /// <summary>Settings that cannot be used are not checked any further.</summary>
    private static async Task<DoctorReport> ExamineAsync(LoadedSettings loaded, CommandSurroundings surroundings, CancellationToken cancellationToken)
    {
        if (loaded.Errors.Count > 0) return new DoctorReport(loaded, []);
        using var neighbours = new Neighbours(TimeProvider.System);
        var (ports, service) = await PortsAsync(loaded, neighbours, cancellationToken);
        if (service is not null)
        {
            var told = await RunningService.SettingsAsync(service, loaded, neighbours, cancellationToken);
            if (told is null)
            {
                ports.Add(new Finding("service", FindingLevel.Note, "service_settings_unknown", "The service that runs does not tell its settings to this caller; those of this folder and environment are checked.", "Give its key: GATEWAY_API_KEY"));
                service = null;
            }
            else if (told.Errors.Count == 0) loaded = told;
        }

        var around = Surroundings.Of(surroundings, loaded.Options.LmStudio.LmsPath, neighbours);
        var findings = await new Checkup(loaded, around).RunAsync(ports, cancellationToken);
        return new DoctorReport(loaded, findings) { Service = service?.ToString().TrimEnd('/') };
    }

    private static async Task<(List<Finding> Ports, Uri? Service)> PortsAsync(LoadedSettings loaded, Neighbours neighbours, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        Uri? service = null;
        if (!loaded.Options.Listen.Http) return (findings, service);
        foreach (var address in loaded.Options.Listen.Addresses)
        {
            var port = new PortCheck(address, neighbours);
            var finding = await port.RunAsync(cancellationToken);
            if (finding.Code == "service_running") service ??= port.Local;
            findings.Add(finding);
        }

        return (findings, service);
    }
}
