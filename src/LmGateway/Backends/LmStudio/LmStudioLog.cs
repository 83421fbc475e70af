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
internal sealed partial class LmStudioLog(BackendSet backends, EventHub hub, LiveSettings settings, TimeProvider time, ILogger<LmStudioLog> logger) : BackgroundService
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private bool IsWanted => hub.Subscribers > 0 && settings.Current.LmStudio.LogEvents;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            while (!IsWanted) await Task.Delay(Glance, time, stoppingToken);
            var followed = backends.Current.OfType<LmStudioBackend>().ToList();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var following = followed.Select(backend => FollowWhileWantedAsync(backend, ending.Token)).ToList();
            while (IsWanted && followed.SequenceEqual(backends.Current.OfType<LmStudioBackend>())) await Task.Delay(Glance, time, stoppingToken);
            await ending.CancelAsync();
            await Task.WhenAll(following);
        }
    }

    /// <summary>Until the token ends it; a connection that is lost is made again after a pause.</summary>
    private async Task FollowWhileWantedAsync(LmStudioBackend backend, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await foreach (var happened in backend.LogsAsync(cancellationToken))
                        foreach (var told in LmStudioLogFacts.Of(backend.Name, happened)) hub.Publish(told);
                }
                catch (LmStudioException lost)
                {
                    LogLost(lost.Message);
                }

                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody reads any more, or other backends are followed now.
        }
    }

    [LoggerMessage(LogLevel.Debug, "LM Studio's log cannot be followed: {Reason}")]
    private partial void LogLost(string reason);
}
