using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Cli.Service;
using LmGateway.Configuration;

namespace LmGateway.Cli.Doctor;

/// <summary><c>lmgateway doctor</c>: what <c>serve</c> would start with here, or what the service that runs has, and whether it can work so.</summary>
internal static class DoctorCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("doctor", "Show every setting with its value and source, then check what the service needs, and say how to mend what is wrong. Ends with code 0 unless the service cannot work as it is configured.");
        var (url, key, json) = (ServiceOptions.UrlOption(), ServiceOptions.KeyOption(), ServiceOptions.JsonOption());
        foreach (var option in new Option[] { url, key, json }) command.Options.Add(option);
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            return CommandRun.RunAsync(output, async () =>
            {
                var loaded = settings.Load(parsed, surroundings);
                if (loaded.Errors.Count > 0) return new DoctorReport(loaded, []).Refuse(output, CommandRun.BadSettings(loaded) with { Next = null });
                var report = await ExamineAsync(loaded, ServiceLocation.Of(loaded.Options, parsed.GetValue(url), parsed.GetValue(key), surroundings), surroundings, cancellationToken);
                report.Write(output);
                return report.IsBroken ? ExitCodes.Failed : ExitCodes.Success;
            }, cancellationToken);
        });
        return command;
    }

    private static async Task<DoctorReport> ExamineAsync(LoadedSettings loaded, ServiceLocation location, CommandSurroundings surroundings, CancellationToken cancellationToken)
    {
        using var neighbours = new Neighbours(surroundings.Time);
        var (first, service) = location.IsNamed ? await NamedAsync(location, neighbours, cancellationToken) : await PortsAsync(loaded, location, neighbours, cancellationToken);
        if (service is not null)
        {
            var told = await RunningService.SettingsAsync(service, loaded, neighbours, cancellationToken);
            if (told is null)
            {
                first.Add(new Finding("service", FindingLevel.Note, "service_settings_unknown", "The service that runs does not tell its settings to this caller; those of this folder and environment are checked.", $"Give a key of it that opens admin: {ServiceLocation.KeyVariable}, or --key"));
                service = null;
            }
            else if (told.Errors.Count == 0) loaded = told;
        }

        if (service is { Address.IsLoopback: false }) return new DoctorReport(loaded, [.. first, .. await RunningService.FindingsAsync(service, neighbours, cancellationToken)]) { Service = service.Name };
        var around = Surroundings.Of(surroundings, loaded.Options.LmStudio.LmsPath, neighbours);
        return new DoctorReport(loaded, await new Checkup(loaded, around).RunAsync(first, cancellationToken)) { Service = service?.Name };
    }

    /// <summary>The service that somebody named, where it answers. Where it does not, that is a finding, and the rest is looked at all the same.</summary>
    private static async Task<(List<Finding> Findings, ServiceLocation? Service)> NamedAsync(ServiceLocation location, Neighbours neighbours, CancellationToken cancellationToken) =>
        await RunningService.IsThereAsync(location.Address, neighbours, cancellationToken)
            ? ([new Finding("service", FindingLevel.Ok, "service_running", $"It runs, at {location.Name}.")], location)
            : ([new Finding("service", FindingLevel.Problem, "service_not_running", $"No service answers at {location.Name}, which --url or {ServiceLocation.UrlVariable} names.", $"Start it there: lmgateway serve; or correct {ServiceLocation.UrlVariable}")], null);

    private static async Task<(List<Finding> Findings, ServiceLocation? Service)> PortsAsync(LoadedSettings loaded, ServiceLocation location, Neighbours neighbours, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        ServiceLocation? service = null;
        if (!loaded.Options.Listen.Http) return (findings, service);
        foreach (var address in loaded.Options.Listen.Addresses)
        {
            var port = new PortCheck(address, neighbours);
            var finding = await port.RunAsync(cancellationToken);
            if (finding.Code == "service_running") service ??= location with { Address = port.Local };
            findings.Add(finding);
        }

        return (findings, service);
    }
}
