using System.CommandLine;

namespace LmGateway.Cli;

/// <summary><c>lmgateway doctor</c>: what <c>serve</c> would start with here, and where each setting comes from.</summary>
internal static class DoctorCommand
{
    public static Command Build(CommandSurroundings surroundings)
    {
        var command = new Command("doctor", "Show every setting with its value and source, and what is wrong with them.");
        var json = new Option<bool>("--json") { Description = "Print JSON for programs." };
        command.Options.Add(json);
        var settings = new SettingsOptions(command);
        command.SetAction(parsed =>
        {
            var loaded = settings.Load(parsed, surroundings);
            if (parsed.GetValue(json)) SettingsReport.WriteJson(loaded, surroundings.Out);
            else SettingsReport.WriteTable(loaded, surroundings.Out);
            if (loaded.Errors.Count == 0) return ExitCodes.Success;
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
        return command;
    }
}
