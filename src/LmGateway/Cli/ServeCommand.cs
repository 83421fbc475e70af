using System.CommandLine;
using LmGateway.Cli.Output;
using LmGateway.Configuration;

namespace LmGateway.Cli;

/// <summary><c>lmgateway [serve]</c></summary>
internal static class ServeCommand
{
    /// <summary>In the demo LM Studio is a simulator on a free port, known once it runs; what is set for a real one does not count.</summary>
    private static readonly GivenSetting Simulator = new("lmstudio.base_url", "http://127.0.0.1:0", "--demo");

    /// <summary>Asking for a server is asking for NATS.</summary>
    private static readonly GivenSetting UsualNats = new("nats.url", new NatsOptions().Url, "--nats-server");

    public static void Configure(Command command, Func<ServeSettings, CommandOutput, CancellationToken, Task<int>> serve, CommandSurroundings surroundings)
    {
        var demo = new Option<bool>("--demo") { Description = "Serve a simulated LM Studio: nothing needs to be installed." };
        command.Options.Add(demo);
        var nats = new Option<bool>("--nats-server") { Description = "Start a nats-server with JetStream on this machine, unless one answers there already." };
        command.Options.Add(nats);
        var json = new Option<bool>("--json") { Description = "Print where it listens as one line of JSON, errors too." };
        command.Options.Add(json);
        var settings = new SettingsOptions(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(surroundings, parsed.GetValue(json));
            // Being stopped is how serving ends, and no failure.
            return CommandRun.RunAsync(output, () => serve(Read(parsed.GetValue(demo), parsed.GetValue(nats), given => settings.Origin(parsed, surroundings, given)), output, cancellationToken), CancellationToken.None);
        });
    }

    private static ServeSettings Read(bool isDemo, bool withNats, Func<GivenSetting[], SettingsOrigin> read)
    {
        GivenSetting[] implied = isDemo ? [Simulator] : [];
        var origin = read(implied);
        var loaded = origin.Load(origin.AtStart);
        if (withNats && !loaded.Options.Nats.IsConfigured)
        {
            origin = read([.. implied, UsualNats]);
            loaded = origin.Load(origin.AtStart);
        }

        CommandRun.Require(loaded);
        if (withNats && NatsServerChild.PortOf(loaded.Options.Nats) is null)
        {
            throw new CommandException(CommandFailure.Usage(
                $"--nats-server serves one plain address of this machine, such as nats://127.0.0.1:4222, but nats.url is {loaded.Effective["nats.url"].Text} ({loaded.Effective["nats.url"].Source}).",
                "Change it, or leave --nats-server out."));
        }

        return new ServeSettings { Loaded = loaded, Origin = origin, Demo = isDemo, NatsServer = withNats };
    }
}
