using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Serving.Jobs;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Serving.Jobs;

/// <summary>What the event hub hears of jobs.</summary>
public sealed class JobNewsTests : IAsyncDisposable
{
    private readonly EventHub hub = new(TimeProvider.System);
    private readonly EventSubscription events;
    private readonly JobList jobs;

    public JobNewsTests()
    {
        events = hub.Subscribe();
        jobs = new JobList(new GatewayOptions(), new JobNews(hub), TimeProvider.System, NullLogger<JobList>.Instance);
    }

    [Fact]
    public async Task A_job_tells_of_its_start_its_progress_and_its_end()
    {
        var job = jobs.Start(new JobOrder(JobKind.Pull, "qwen", "pull qwen"), async (report, cancellationToken) =>
        {
            report.Progress(1, 4, "downloading");
            report.Progress(1, 4, "downloading");
            report.Progress(4, 4);
            await Task.CompletedTask;
            return new Nothing();
        });
        await jobs.EndAsync(job.Id, TestContext.Current.CancellationToken);

        var heard = Heard();
        Assert.Equal(["model.pull.start", "model.pull.progress", "model.pull.progress", "model.pull.complete"], heard.Select(happened => happened.Subject));
        var progress = (JobProgressed)heard[1];
        Assert.Equal((0.25, 1L, 4L, "downloading"), (progress.Fraction, progress.DoneBytes, progress.TotalBytes, progress.Step));
        Assert.Equal(new JobSubject("pull", job.Id, "qwen"), ((JobCompleted)heard[3]).Job);
    }

    [Fact]
    public async Task A_job_that_fails_and_one_that_is_cancelled_are_told_apart()
    {
        var failing = jobs.Start(new JobOrder(JobKind.Delete, "a", "a"), (_, _) => throw new GatewayException(ErrorCode.BackendFault, "no"));
        await jobs.EndAsync(failing.Id, TestContext.Current.CancellationToken);
        var endless = jobs.Start(new JobOrder(JobKind.Sync, "b", "b"), async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return new Nothing();
        });
        jobs.Cancel(endless.Id);
        await jobs.EndAsync(endless.Id, TestContext.Current.CancellationToken);
        Assert.Equal([("model.delete.start", "model_delete_start"), ("model.delete.failed", "error"), ("model.sync.start", "model_sync_start"), ("model.sync.cancelled", "model_sync_cancelled")], Heard().Select(happened => (happened.Subject, happened.Name)));
    }

    public async ValueTask DisposeAsync()
    {
        events.Dispose();
        await jobs.DisposeAsync();
    }

    private List<GatewayEvent> Heard()
    {
        var heard = new List<GatewayEvent>();
        while (events.TryRead(out var happened)) heard.Add(happened.Event);
        return heard;
    }

    private sealed record Nothing : JobResult;
}
