using LmGateway.Cli.Doctor;
using LmGateway.Cli.Output;
using LmGateway.Configuration;
using LmGateway.Observability;
using LmGateway.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Cli;

/// <summary>Serves until it is told to stop, with <c>--demo</c> against a simulator in the same process.</summary>
internal static class ServeProgram
{
    public static Task<int> RunAsync(ServeSettings settings, CommandOutput output, CancellationToken cancellationToken)
    {
        RuntimeSettings.Apply(settings.Options.Runtime);
        return settings.Demo
            ? DemoProgram.RunAsync(settings, demo => WithNatsAsync(demo, output, cancellationToken), cancellationToken)
            : WithNatsAsync(settings, output, cancellationToken);
    }

    private static async Task<int> WithNatsAsync(ServeSettings settings, CommandOutput output, CancellationToken cancellationToken)
    {
        if (!settings.NatsServer) return await ServeAsync(settings, output, cancellationToken);
        var folder = Path.Combine(StateFolder.Locate(settings.Options), "nats");
        NatsServerChild? server;
        try
        {
            server = await NatsServerChild.StartAsync(NatsServerChild.PortOf(settings.Options.Nats)!.Value, folder, TimeProvider.System, cancellationToken);
        }
        catch (InvalidOperationException fault)
        {
            return output.Fail(new CommandFailure("no_nats_server", fault.Message));
        }

        if (!output.Json) output.Line(server is null ? "A NATS server answers already; it is used." : $"Started nats-server; its files are in {folder}.");
        await using (server) return await ServeAsync(settings, output, cancellationToken);
    }

    private static async Task<int> ServeAsync(ServeSettings settings, CommandOutput output, CancellationToken cancellationToken)
    {
        if (await TakenAsync(settings.Options.Listen, cancellationToken) is { } taken)
            return output.Fail(new CommandFailure(taken.Code, taken.Message) { Next = taken.Fix });
        settings = WithWarning(settings);
        await using var app = GatewayHost.Build(settings.Options, TimeProvider.System, settings.Origin);
        using var hangUp = HangUpSignal.Register(app);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException fault)
        {
            return output.Fail(new CommandFailure("cannot_listen", fault.Message) { Next = "Choose another port with --port, or 0 for a free one." });
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Success;
        }

        var addresses = Addresses(app);
        Tell(settings, addresses, output);
        await WaitForStopAsync(app, cancellationToken);
        await app.StopAsync(CancellationToken.None);
        return ExitCodes.Success;
    }

    private static void Tell(ServeSettings settings, IReadOnlyList<string> addresses, CommandOutput output)
    {
        try
        {
            if (output.Json) output.DocumentLine(writer => StartupSummary.WriteMembers(writer, settings, addresses));
            else output.Lines(writer => WriteSummary(writer, settings, addresses));
        }
        catch (OutputClosedException)
        {
            // It serves all the same.
        }
    }

    private static void WriteSummary(TextWriter writer, ServeSettings settings, IReadOnlyList<string> addresses)
    {
        StartupSummary.Write(settings.Loaded, addresses, writer);
        if (settings.Demo && addresses.Count > 0) StartupSummary.WriteDemo(addresses[0], writer);
        writer.WriteLine("Press Ctrl+C to stop.");
    }

    /// <summary>A state folder that cannot be written costs only the memory across restarts; whoever starts the service ought to know.</summary>
    private static ServeSettings WithWarning(ServeSettings settings) => new FolderCheck(settings.Options, _ => null).State() is { Level: FindingLevel.Broken } finding
        ? settings with { Loaded = settings.Loaded with { Warnings = [.. settings.Loaded.Warnings, $"the state folder {finding.Message} What is activated and the audit are not kept. {finding.Fix}"] } }
        : settings;

    /// <summary>Asked before anything is started, so that the answer is a sentence and not the trace of everything that then fails.</summary>
    private static async Task<Finding?> TakenAsync(ListenOptions listen, CancellationToken cancellationToken)
    {
        if (!listen.Http) return null;
        using var neighbours = new Neighbours(TimeProvider.System);
        foreach (var address in listen.Addresses)
        {
            var finding = await new PortCheck(address, neighbours).RunAsync(cancellationToken);
            if (finding.Level == FindingLevel.Broken) return finding;
            if (finding.Code == "service_running") return finding with { Fix = $"Use that one ('lmgateway status'), or choose another port for a second one: PORT={address.Port + 1} (or --port {address.Port + 1})." };
        }

        return null;
    }

    private static IReadOnlyList<string> Addresses(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []];

    private static async Task WaitForStopAsync(WebApplication app, CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var asked = cancellationToken.UnsafeRegister(_ => stopped.TrySetResult(), null);
        await using var stopping = app.Lifetime.ApplicationStopping.UnsafeRegister(_ => stopped.TrySetResult(), null);
        await stopped.Task;
    }
}
