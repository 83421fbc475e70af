using System.CommandLine;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway [serve]</c></summary>
internal static class ServeCommand
{
    /// <summary>In the demo LM Studio is a simulator on a free port, known once it runs; what is set for a real one does not count.</summary>
    private static readonly GivenSetting Simulator = new("lmstudio.base_url", "http://127.0.0.1:0", "--demo");

    public static void Configure(Command command, Func<ServeSettings, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var demo = new Option<bool>("--demo") { Description = "Serve a simulated LM Studio: nothing needs to be installed." };
        command.Options.Add(demo);
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var isDemo = parsed.GetValue(demo);
            var loaded = settings.Load(parsed, surroundings, isDemo ? [Simulator] : []);
            if (loaded.Errors.Count == 0)
                return await serve(new ServeSettings { Loaded = loaded, Demo = isDemo }, cancellationToken);
            SettingsReport.WriteErrors(loaded, surroundings.Error);
            return ExitCodes.BadConfiguration;
        });
    }
}
