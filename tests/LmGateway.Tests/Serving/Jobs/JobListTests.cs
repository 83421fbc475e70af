using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Serving.Jobs;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace LmGateway.Tests.Serving.Jobs;

/// <summary>Jobs without any work behind them: what is one job, how it is followed, and every way in which it ends.</summary>
public sealed class JobListTests
{
    private sealed record Brought(string Text) : JobResult;

    private readonly ManualTime time = new();
    private readonly TaskCompletionSource<JobResult> work = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_followed_from_its_start_to_what_it_brings()
    {
        await using var jobs = List();
        var started = new TaskCompletionSource<JobReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = jobs.Start(Order("a"), (report, _) =>
        {
            started.SetResult(report);
            return work.Task;
        });
        Assert.Equal((JobState.Queued, "model-a", null), (job.State, job.Model, job.Percent));
        var report = await started.Task.WaitAsync(Token);
        report.Progress(25, 100, "Copying");
        report.Line("one");
        report.Line("two");
        var half = jobs.Get(job.Id);
        Assert.Equal((JobState.Running, 25.0, "Copying", "one\ntwo"), (half.State, half.Percent, half.Message, half.Output));

        work.SetResult(new Brought("it"));
        var end = await jobs.EndAsync(job.Id, Token);
        Assert.Equal((JobState.Done, 100.0, new Brought("it")), (end.State, end.Percent, (Brought)end.Result!));
        Assert.Equal(end, end.OrThrow());
        Assert.True(end.Revision > half.Revision && half.Revision > job.Revision);
    }

    [Fact]
    public async Task Two_callers_who_want_the_same_share_one_job_and_a_third_who_comes_later_gets_another()
    {
        await using var jobs = List();
        var runs = 0;
        Task<JobResult> Work(JobReport report, CancellationToken cancellationToken) => Interlocked.Increment(ref runs) == 1 ? work.Task : Task.FromResult<JobResult>(new Brought("again"));
        var first = jobs.Start(Order("a"), Work);
        Assert.Equal(first.Id, jobs.Start(Order("a"), Work).Id);
        work.SetResult(new Brought("it"));
        await jobs.EndAsync(first.Id, Token);
        var later = await jobs.EndAsync(jobs.Start(Order("a"), Work).Id, Token);
        Assert.NotEqual(first.Id, later.Id);
        Assert.Equal(2, runs);
        Assert.Equal([later.Id, first.Id], jobs.All.Select(job => job.Id));
    }

    [Fact]
    public async Task Two_jobs_that_need_the_same_but_mean_another_thing_do_not_run_together()
    {
        await using var jobs = List();
        var first = jobs.Start(Order("a") with { Source = "here" }, (_, _) => work.Task);
        var refused = Assert.Throws<GatewayException>(() => jobs.Start(Order("a") with { Source = "there" }, (_, _) => work.Task));
        Assert.Equal(ErrorCode.InstanceInUse, refused.Error.Code);
        Assert.Contains(first.Id, refused.Message, StringComparison.Ordinal);
        work.SetResult(new Brought(""));
    }

    [Fact]
    public async Task More_jobs_than_may_run_wait_and_can_be_cancelled_there()
    {
        await using var jobs = List(parallel: 1);
        var first = jobs.Start(Order("a"), (_, _) => work.Task);
        await Eventually.TrueAsync(() => jobs.Get(first.Id).State == JobState.Running, "the first job runs");
        var second = jobs.Start(Order("b"), (_, _) => throw new InvalidOperationException("It must not run."));
        Assert.Equal(JobState.Queued, second.State);
        jobs.Cancel(second.Id);
        Assert.Equal(JobState.Cancelled, (await jobs.EndAsync(second.Id, Token)).State);
        work.SetResult(new Brought(""));
        Assert.Equal(JobState.Done, (await jobs.EndAsync(first.Id, Token)).State);
    }

    [Fact]
    public async Task A_cancelled_job_knows_that_it_was_given_up_and_one_of_a_stopped_service_does_not()
    {
        var jobs = List();
        var givenUp = new List<bool>();
        async Task<JobResult> Endless(JobReport report, CancellationToken cancellationToken)
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            }
            finally
            {
                lock (givenUp) givenUp.Add(report.IsGivenUp);
            }

            throw new InvalidOperationException();
        }

        var first = jobs.Start(Order("a"), Endless);
        await Eventually.TrueAsync(() => jobs.Get(first.Id).State == JobState.Running, "the job runs");
        jobs.Cancel(first.Id);
        var end = await jobs.EndAsync(first.Id, Token);
        Assert.Equal((JobState.Cancelled, ErrorCode.Cancelled), (end.State, end.Error!.Code));
        Assert.Equal(end, jobs.Cancel(first.Id));

        var second = jobs.Start(Order("b"), Endless);
        await Eventually.TrueAsync(() => jobs.Get(second.Id).State == JobState.Running, "the job runs");
        await jobs.DisposeAsync();
        Assert.Equal(JobState.Cancelled, jobs.Get(second.Id).State);
        Assert.Equal([true, false], givenUp);
        Assert.Equal(ErrorCode.Draining, Assert.Throws<GatewayException>(() => jobs.Start(Order("c"), Endless)).Error.Code);
    }

    [Fact]
    [Trait("req", "S0-24")]
    public async Task A_job_that_makes_no_progress_for_ten_minutes_is_ended_and_one_that_does_is_not()
    {
        await using var jobs = List();
        var started = new TaskCompletionSource<JobReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = jobs.Start(Order("a"), async (report, cancellationToken) =>
        {
            started.SetResult(report);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
            throw new InvalidOperationException();
        });
        var report = await started.Task.WaitAsync(Token);
        time.Advance(TimeSpan.FromSeconds(599));
        report.Progress(1, null);
        time.Advance(TimeSpan.FromSeconds(599));
        report.Progress(1, null, "Another word is no progress");
        Assert.Equal(JobState.Running, jobs.Get(job.Id).State);
        time.Advance(TimeSpan.FromSeconds(1));
        var end = await jobs.EndAsync(job.Id, Token);
        Assert.Equal((JobState.Failed, ErrorCode.BackendTimeout), (end.State, end.Error!.Code));
    }

    [Fact]
    public async Task A_failure_is_kept_with_the_job_and_an_unexpected_one_is_no_secret()
    {
        await using var jobs = List();
        var typed = await jobs.EndAsync(jobs.Start(Order("a"), (_, _) => throw new GatewayException(ErrorCode.DiskFull, "full")).Id, Token);
        var other = await jobs.EndAsync(jobs.Start(Order("b"), (_, _) => throw new InvalidOperationException("odd")).Id, Token);
        Assert.Equal((ErrorCode.DiskFull, "full"), (typed.Error!.Code, Assert.Throws<GatewayException>(typed.OrThrow).Message));
        Assert.Equal((JobState.Failed, ErrorCode.Internal, "The job failed: odd"), (other.State, other.Error!.Code, other.Error.Message));
    }

    [Fact]
    public async Task Jobs_that_ended_longest_ago_are_forgotten()
    {
        await using var jobs = List(keep: 3);
        var ids = new List<string>();
        foreach (var name in "abcdef")
        {
            ids.Add(jobs.Start(Order(name.ToString()), (_, _) => Task.FromResult<JobResult>(new Brought(""))).Id);
            await jobs.EndAsync(ids[^1], Token);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([ids[5], ids[4], ids[3], ids[2]], jobs.All.Select(job => job.Id));
        Assert.Equal(ErrorCode.JobNotFound, Assert.Throws<GatewayException>(() => jobs.Get(ids[0])).Error.Code);
        Assert.Equal(ErrorCode.JobNotFound, Assert.Throws<GatewayException>(() => jobs.Cancel("no-such-job")).Error.Code);
    }

    [Fact]
    public async Task A_feed_of_all_jobs_tells_the_end_of_each()
    {
        await using var jobs = List();
        var ended = new List<string>();
        await using var feed = jobs.WatchAllAsync(Token).GetAsyncEnumerator(Token);
        var next = feed.MoveNextAsync();
        string[] ids = [.. "abc".Select(name => jobs.Start(Order(name.ToString()), (_, _) => Task.FromResult<JobResult>(new Brought(""))).Id)];
        while (ended.Count < 3 && await next)
        {
            if (feed.Current.IsOver) ended.Add(feed.Current.Id);
            if (ended.Count < 3) next = feed.MoveNextAsync();
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), ended.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_watcher_who_leaves_ends_nothing()
    {
        await using var jobs = List();
        var job = jobs.Start(Order("a"), (_, _) => work.Task);
        using var leaving = new CancellationTokenSource();
        var waiting = jobs.EndAsync(job.Id, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        work.SetResult(new Brought(""));
        Assert.Equal(JobState.Done, (await jobs.EndAsync(job.Id, Token)).State);
    }

    private static JobOrder Order(string name) => new(JobKind.Pull, $"model-{name}", $"pull {name}");

    private JobList List(int parallel = 4, int keep = 100) => new(new GatewayOptions { Jobs = new JobOptions { Parallel = parallel, Keep = keep } }, new JobNews(new EventHub(time)), time, NullLogger<JobList>.Instance);
}
