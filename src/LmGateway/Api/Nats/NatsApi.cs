using LeanNats;
using LeanNats.Services;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Nats;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway.Api.Nats;

/// <summary>
/// Answers on NATS, as a micro service that can be discovered: on the subjects that all nodes share, as one worker of their queue group, and on
/// this node's own. Subscriptions are made once and last through every loss of the connection.
/// </summary>
internal sealed partial class NatsApi(
    NatsLink link, NatsOperations operations, NatsRequests requests, ChatStreams chats, OpenStreams streams, NatsNode node, LiveSettings settings, ShutdownLimit shutdown,
    ILogger<NatsApi> logger) : IHostedService
{
    /// <summary>So many more are taken in, to be told that there is no room.</summary>
    private const int Refused = 64;

    private NatsSvcServer? service;
    private CancellationTokenRegistration stopping;
    private Task stopped = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (link.Connection is not { } connection) return;
        await streams.StartAsync(connection, cancellationToken);
        service = await new NatsSvcContext(connection).AddServiceAsync(Describe(), cancellationToken);
        await ServeAsync(service.AddGroup("lmstudio"), cancellationToken);
        await ServeAsync(service.AddGroup($"lmstudio.node.{node.Id}"), cancellationToken);
        stopping = shutdown.Begun.Register(() => stopped = Task.Run(DrainAsync));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.DisposeAsync();
        await stopped;
        if (service is not null) await service.DisposeAsync();
        await streams.StopAsync();
    }

    private NatsSvcConfig Describe() => new()
    {
        Name = "lmstudio",
        Version = HealthReport.Version,
        Description = "Models on this node: listed, loaded, downloaded, asked.",
        QueueGroup = settings.Current.Nats.QueueGroup,
        Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["node"] = node.Id },
    };

    private async Task ServeAsync(NatsSvcGroup group, CancellationToken cancellationToken)
    {
        var limits = new NatsSvcEndpointOpts { MaxConcurrency = settings.Current.Nats.MaxRequests + Refused };
        foreach (var operation in operations.All)
            await group.AddEndpointAsync((request, ending) => requests.HandleAsync(operation, request, ending), operation.Name, opts: limits, cancellationToken: cancellationToken);
        await group.AddEndpointAsync(chats.HandleAsync, ChatStreams.Name, opts: limits, cancellationToken: cancellationToken);
    }

    /// <summary>No new requests; those that have come get their answers. What takes too long is ended by the limit of all APIs.</summary>
    private async Task DrainAsync()
    {
        try
        {
            if (link.State.IsConnected) await service!.StopAsync();
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
        {
            LogNotDrained(fault.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Requests on NATS may have been left without an answer: {Reason}")]
    private partial void LogNotDrained(string reason);
}
