using LeanNats;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway.Nats;

/// <summary>
/// The one NATS connection of the process. It connects in the background and comes back by itself for as long as the process lives; a
/// server that is not there, then or later, keeps nothing else from working.
/// </summary>
internal sealed partial class NatsLink : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    private readonly ILogger<NatsLink> logger;
    private readonly bool isConfigured;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile NatsLinkState state = new();
    private Task watch = Task.CompletedTask;

    public NatsLink(LiveSettings settings, TimeProvider time, ILogger<NatsLink> logger)
    {
        this.logger = logger;
        isConfigured = settings.Current.Nats.IsConfigured;
        if (settings.Current.Nats.IsOn) Connection = new NatsConnection(NatsSettings.Of(settings.Current, time));
    }

    /// <summary>
    /// The connection, connected or not; null where NATS is off. Subscriptions can be made at any time and last; what is sent while there is
    /// no server fails after a few seconds.
    /// </summary>
    public NatsConnection? Connection { get; }

    public NatsLinkState State => state;

    /// <summary>Completes with the first connection, which may be never.</summary>
    public Task Connected => connected.Task;

    /// <summary>The service is not well without a connection: somebody asked for one.</summary>
    public bool IsMissed => isConfigured && Connection is not null && !state.IsConnected;

    /// <summary>The connection, for what makes no sense without a server.</summary>
    public NatsConnection Require()
    {
        if (Connection is null) throw new GatewayException(ErrorCode.NotSupported, "NATS is off. Name a server in nats.url (NATS_URL).");
        if (state is { IsConnected: false } missing)
            throw new GatewayException(new GatewayError(ErrorCode.ControlUnavailable, $"There is no connection to NATS. {missing.Problem}".TrimEnd()) { RetryAfter = SoonEnough });
        return Connection;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Connection is { } connection) watch = WatchAsync(connection, stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>Hands over what was sent and closes. Whoever answers requests has ended before.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (stopping.IsCancellationRequested) return;
        await stopping.CancelAsync();
        await watch;
        if (Connection is not null) await Connection.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        stopping.Dispose();
    }

    private async Task WatchAsync(NatsConnection connection, CancellationToken cancellationToken)
    {
        var events = connection.Events(cancellationToken);      // from here on, so that the first step is seen
        var connecting = ConnectAsync(connection, cancellationToken);
        try
        {
            await foreach (var happened in events) Take(happened);
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }

        await connecting;
    }

    private async Task ConnectAsync(NatsConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ConnectAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
        catch (NatsException fault)
        {
            state = new NatsLinkState { Problem = fault.Message };
            LogFailed(fault.Message);
        }
    }

    private void Take(NatsEvent happened)
    {
        switch (happened)
        {
            case NatsConnectionOpened opened:
                state = new NatsLinkState { IsConnected = true, Server = opened.Server };
                connected.TrySetResult();
                LogConnected(opened.Server);
                break;
            case NatsConnectionDisconnected lost:
                state = new NatsLinkState { Server = lost.Server, Problem = lost.Reason.Message };
                LogLost(lost.Server, lost.Reason.Message);
                break;
            case NatsReconnectFailed failed when !state.IsConnected:
                Note(failed);
                break;
            case NatsConnectionClosed { Reason: { } reason }:
                state = new NatsLinkState { Problem = reason.Message };
                LogFailed(reason.Message);
                break;
            case NatsLameDuckMode leaving:
                LogLameDuck(leaving.Server);
                break;
            case NatsServerError complaint:
                LogComplaint(complaint.Error);
                break;
            case NatsSlowConsumer slow:
                LogSlow(slow.Subject, slow.DroppedMessages);
                break;
        }
    }

    /// <summary>Told once for each reason, and aloud only where somebody asked for NATS.</summary>
    private void Note(NatsReconnectFailed failed)
    {
        var isNews = state.Problem != failed.Reason.Message;
        state = new NatsLinkState { Server = failed.Server, Problem = failed.Reason.Message };
        if (isNews) LogUnreachable(isConfigured ? LogLevel.Warning : LogLevel.Debug, failed.Server, failed.Reason.Message);
    }

    [LoggerMessage(LogLevel.Information, "Connected to NATS at {Server}")]
    private partial void LogConnected(string server);

    [LoggerMessage(LogLevel.Warning, "The connection to NATS at {Server} was lost: {Reason} It is tried again.")]
    private partial void LogLost(string server, string reason);

    [LoggerMessage("NATS at {Server} cannot be reached: {Reason} It is tried again.")]
    private partial void LogUnreachable(LogLevel level, string server, string reason);

    [LoggerMessage(LogLevel.Error, "The connection to NATS was given up: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(LogLevel.Information, "The NATS server {Server} is about to stop")]
    private partial void LogLameDuck(string server);

    [LoggerMessage(LogLevel.Warning, "The NATS server complains: {Error}")]
    private partial void LogComplaint(string error);

    [LoggerMessage(LogLevel.Warning, "Messages on {Subject} come faster than they are taken; {Dropped} were dropped")]
    private partial void LogSlow(string subject, long dropped);
}
