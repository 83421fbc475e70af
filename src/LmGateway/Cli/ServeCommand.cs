using System.CommandLine;

namespace LmGateway.Cli;

/// <summary><c>lmgateway [serve]</c></summary>
internal static class ServeCommand
{
    public static void Configure(Command command, Func<ServeSettings, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var demo = new Option<bool>("--demo") { Description = "Serve a simulated LM Studio: nothing needs to be installed." };
        command.Options.Add(demo);
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var loaded = settings.Load(parsed, surroundings);
            if (loaded.Errors.Count == 0)
                return await serve(new ServeSettings { Loaded = loaded, Demo = parsed.GetValue(demo) }, cancellationToken);
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
    }
}
