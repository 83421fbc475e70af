using LmGateway.Configuration;
using LmGateway.Events;
using LmStudio.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LmGateway.Backends.LmStudio;

/// <summary>
/// Puts LM Studio's own log among the events, where that is switched on. LM Studio is asked for it only while somebody reads events, because
/// every prompt is in it.
/// </summary>
internal sealed partial class LmStudioLog(IEnumerable<IBackend> backends, EventHub hub, GatewayOptions options, TimeProvider time, ILogger<LmStudioLog> logger) : BackgroundService
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.LmStudio.LogEvents
        ? Task.WhenAll(backends.OfType<LmStudioBackend>().Select(backend => FollowWhileReadAsync(backend, stoppingToken)))
        : Task.CompletedTask;

    private async Task FollowWhileReadAsync(LmStudioBackend backend, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            while (hub.Subscribers == 0) await Task.Delay(Glance, time, stoppingToken);
            await FollowAsync(backend, stoppingToken);
        }
    }

    /// <summary>Until nobody reads any more, or the connection is lost.</summary>
    private async Task FollowAsync(LmStudioBackend backend, CancellationToken stoppingToken)
    {
        using var unread = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var watch = LeaveWhenUnreadAsync(unread);
        try
        {
            await foreach (var happened in backend.LogsAsync(unread.Token))
                foreach (var told in LmStudioLogFacts.Of(backend.Name, happened)) hub.Publish(told);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (LmStudioException lost)
        {
            LogLost(lost.Message);
        }
        finally
        {
            await unread.CancelAsync();
            await watch;
        }

        await Task.Delay(Pause, time, stoppingToken);
    }

    private async Task LeaveWhenUnreadAsync(CancellationTokenSource unread)
    {
        try
        {
            while (hub.Subscribers > 0) await Task.Delay(Glance, time, unread.Token);
            await unread.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The log itself has ended.
        }
    }

    [LoggerMessage(LogLevel.Debug, "LM Studio's log cannot be followed: {Reason}")]
    private partial void LogLost(string reason);
}
