using LeanNats;
using LmGateway.Nats;
using LmGateway.Serving.Jobs;
using Microsoft.Extensions.Hosting;

namespace LmGateway.Api.Nats;

/// <summary>Publishes each job's state on <c>lmstudio.jobs.ID</c> when it changes, at most ten times a second; the last message tells its end.</summary>
internal sealed class JobFeed(NatsLink link, JobList jobs, NatsNode node, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (link.Connection is not { } connection) return;
        try
        {
            // Changes that come meanwhile come as one.
            await foreach (var job in jobs.WatchAllAsync(stoppingToken))
            {
                await PublishAsync(connection, job, stoppingToken);
                if (!job.IsOver) await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }

    private async Task PublishAsync(NatsConnection connection, Job job, CancellationToken cancellationToken)
    {
        if (!link.State.IsConnected) return;
        try
        {
            var answer = NatsAnswer.Ok(data => JobWriter.Write(data, job, withOutput: job.IsOver));
            await connection.PublishAsync(JobWriter.Subject(job), answer.ToBytes(node.Id), cancellationToken: cancellationToken);
        }
        catch (Exception fault) when (fault is NatsException or ObjectDisposedException)
        {
            // The connection is gone; whoever follows the job asks for its state.
        }
    }
}
