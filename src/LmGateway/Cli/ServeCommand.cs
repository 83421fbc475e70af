using System.CommandLine;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway [serve]</c></summary>
internal static class ServeCommand
{
    /// <summary>In the demo LM Studio is a simulator on a free port, known once it runs; what is set for a real one does not count.</summary>
    private static readonly GivenSetting Simulator = new("lmstudio.base_url", "http://127.0.0.1:0", "--demo");

    /// <summary>Asking for a server is asking for NATS.</summary>
    private static readonly GivenSetting UsualNats = new("nats.url", new NatsOptions().Url, "--nats-server");

    public static void Configure(Command command, Func<ServeSettings, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var demo = new Option<bool>("--demo") { Description = "Serve a simulated LM Studio: nothing needs to be installed." };
        command.Options.Add(demo);
        var nats = new Option<bool>("--nats-server") { Description = "Start a nats-server with JetStream on this machine, unless one answers there already." };
        command.Options.Add(nats);
        var settings = new SettingsOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (isDemo, withNats) = (parsed.GetValue(demo), parsed.GetValue(nats));
            GivenSetting[] implied = isDemo ? [Simulator] : [];
            var origin = settings.Origin(parsed, surroundings, implied);
            var loaded = origin.Load(origin.AtStart);
            if (withNats && !loaded.Options.Nats.IsConfigured)
            {
                origin = settings.Origin(parsed, surroundings, [.. implied, UsualNats]);
                loaded = origin.Load(origin.AtStart);
            }

            if (loaded.Errors.Count > 0)
            {
                SettingsReport.WriteErrors(loaded, surroundings.Error);
                return ExitCodes.BadConfiguration;
            }

            if (withNats && NatsServerChild.PortOf(loaded.Options.Nats) is null)
            {
                await surroundings.Error.WriteLineAsync($"lmgateway: --nats-server serves one plain address of this machine, such as nats://127.0.0.1:4222, but nats.url is {loaded.Effective["nats.url"].Text} ({loaded.Effective["nats.url"].Source}). Change it, or leave --nats-server out.");
                return ExitCodes.BadConfiguration;
            }

            return await serve(new ServeSettings { Loaded = loaded, Origin = origin, Demo = isDemo, NatsServer = withNats }, cancellationToken);
        });
    }
}
