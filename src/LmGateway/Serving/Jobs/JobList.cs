using System.Runtime.CompilerServices;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Microsoft.Extensions.Logging;

namespace LmGateway.Serving.Jobs;

/// <summary>
/// The long operations on models: those that wait, run, and ended lately. A job belongs to the service, not to its caller, who may leave and
/// ask later. Reading takes no lock.
/// </summary>
internal sealed partial class JobList(LiveSettings settings, JobNews news, TimeProvider time, ILogger<JobList> logger) : IAsyncDisposable
{
    private const int MostWaiting = 256;

    private readonly Lock changing = new();
    private readonly SemaphoreSlim places = new(settings.Current.Jobs.Parallel, settings.Current.Jobs.Parallel);
    private readonly List<JobRun> runs = [];
    private volatile Job[] all = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long revision;
    private bool stopped;

    /// <summary>Every job that is remembered, the youngest first.</summary>
    public IReadOnlyList<Job> All => all;

    /// <summary>Those of them that the holder of a key may see.</summary>
    public IEnumerable<Job> SeenBy(KeyGrant? grant) => grant is not { IsForSome: true } ? all : all.Where(job => grant.Allows(job.Model));

    public Job? Find(string id) => Array.Find(all, job => job.Id == id);

    /// <summary>Throws <see cref="ErrorCode.JobNotFound"/>.</summary>
    public Job Get(string id) => Find(id) ?? throw Unknown(id);

    /// <summary>
    /// Starts a job, or joins the one that does the same. It runs to its end whoever leaves. Throws <see cref="ErrorCode.QueueFull"/> or
    /// <see cref="ErrorCode.Draining"/>; <see cref="ErrorCode.InstanceInUse"/> where another job works on the same thing.
    /// </summary>
    public Job Start(JobOrder order, Func<JobReport, CancellationToken, Task<JobResult>> work)
    {
        lock (changing)
        {
            if (stopped) throw new GatewayException(ErrorCode.Draining, "The service is stopping.");
            if (runs.Find(other => other.Order.Key == order.Key && !other.Job.IsOver) is { } same)
                return same.Order.Source == order.Source ? same.Job : throw Busy(same);
            if (runs.Count(other => !other.Job.IsOver) >= MostWaiting)
                throw new GatewayException(new GatewayError(ErrorCode.QueueFull, $"{MostWaiting} jobs wait already. Try again when some have ended.") { RetryAfter = TimeSpan.FromSeconds(30) });
            var run = new JobRun(this, order, Make(order));
            runs.Insert(0, run);
            news.Tell(before: null, run.Job);
            var use = settings.Enter();
            run.Task = Task.Run(() => RunAsync(run, use, work));
            Forget();
            Announce();
            return run.Job;
        }
    }

    /// <summary>Asks a job to end, and returns it as it stands. One that is over stays as it is.</summary>
    public Job Cancel(string id)
    {
        JobRun run;
        lock (changing) run = runs.Find(run => run.Job.Id == id) ?? throw Unknown(id);
        run.GiveUp();
        return run.Job;
    }

    /// <summary>Waits for the end of a job; leaving does not end it.</summary>
    public async Task<Job> EndAsync(string id, CancellationToken cancellationToken)
    {
        var last = Get(id);
        await foreach (var job in WatchAsync(id, cancellationToken)) last = job;
        return last;
    }

    /// <summary>The job now and after every change, to its end. Changes that follow one another quickly come as one.</summary>
    public async IAsyncEnumerable<Job> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var seen = -1L; ;)
        {
            var next = Changed();
            var job = Get(id);
            if (job.Revision > seen) yield return job;
            if (job.IsOver) yield break;
            seen = job.Revision;
            await next.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Every change of every job from now on, without end. Changes that follow one another quickly come as one; no end of a job is left out.</summary>
    public async IAsyncEnumerable<Job> WatchAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var seen = Interlocked.Read(ref revision); ;)
        {
            var next = Changed();
            var latest = seen;
            foreach (var job in all.Where(job => job.Revision > seen).OrderBy(job => job.Revision))
            {
                latest = job.Revision;
                yield return job;
            }

            seen = latest;
            await next.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes no more jobs and ends those that run, without giving up what can be taken up again later.</summary>
    public void Drain()
    {
        JobRun[] running;
        lock (changing)
        {
            stopped = true;
            running = [.. runs];
        }

        foreach (var run in running) run.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        Drain();
        JobRun[] running;
        lock (changing) running = [.. runs];
        await Task.WhenAll(running.Select(run => run.Task));
        foreach (var run in running) run.Dispose();
        places.Dispose();
    }

    /// <summary>Changes a job, unless it is over.</summary>
    internal void Change(JobRun run, Func<Job, Job> change)
    {
        lock (changing)
        {
            if (run.Job.IsOver) return;
            var before = run.Job;
            run.Job = change(before) with { Revision = ++revision };
            Announce();
            news.Tell(before, run.Job);
        }
    }

    private async Task RunAsync(JobRun run, SettingsUse use, Func<JobReport, CancellationToken, Task<JobResult>> work)
    {
        using var held = use;
        Func<Job, Job> end;
        try
        {
            await places.WaitAsync(run.Ending);
            try
            {
                Change(run, job => job with { State = JobState.Running, Started = time.GetUtcNow() });
                await using var limit = run.Limit(TimeSpan.FromSeconds(settings.Current.Jobs.SilenceSeconds), time);
                var result = await work(run, run.Ending);
                end = job => job with { State = JobState.Done, Result = result, Bytes = Math.Max(job.Bytes, job.Total ?? 0) };
            }
            finally
            {
                places.Release();
            }
        }
        catch (OperationCanceledException) when (run.IsSilent)
        {
            end = job => job with { State = JobState.Failed, Error = new GatewayError(ErrorCode.BackendTimeout, $"Nothing happened for {settings.Current.Jobs.SilenceSeconds} s (jobs.silence_seconds).") };
        }
        catch (OperationCanceledException) when (run.Ending.IsCancellationRequested)
        {
            var message = run.IsGivenUp ? "The job was cancelled." : "The service was stopped.";
            end = job => job with { State = JobState.Cancelled, Error = new GatewayError(ErrorCode.Cancelled, message) };
        }
        catch (GatewayException failure)
        {
            end = job => job with { State = JobState.Failed, Error = failure.Error };
        }
        catch (Exception fault)
        {
            LogFault(run.Job.Kind, run.Job.Model, fault);
            end = job => job with { State = JobState.Failed, Error = new GatewayError(ErrorCode.Internal, $"The job failed: {fault.Message}") };
        }

        Change(run, job => end(job) with { Ended = time.GetUtcNow() });
        LogEnded(run.Job.Kind, run.Job.Model, run.Job.State, run.Job.Error?.Message);
    }

    private Job Make(JobOrder order) => new()
    {
        Id = $"job_{Guid.NewGuid().ToString("N")[..12]}",
        Kind = order.Kind,
        Model = order.Model,
        Created = time.GetUtcNow(),
        Revision = ++revision,
    };

    /// <summary>Those that ended longest ago go first.</summary>
    private void Forget()
    {
        foreach (var old in runs.Where(run => run.Job.IsOver).OrderByDescending(run => run.Job.Ended).Skip(settings.Current.Jobs.Keep).ToList())
        {
            runs.Remove(old);
            old.Dispose();
        }
    }

    private void Announce()
    {
        all = [.. runs.Select(run => run.Job)];
        changed.SetResult();
        changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private Task Changed()
    {
        lock (changing) return changed.Task;
    }

    private static GatewayException Unknown(string id) =>
        new(new GatewayError(ErrorCode.JobNotFound, $"There is no job '{id}'.") { Parameter = "id" });

    private static GatewayException Busy(JobRun other) =>
        new(ErrorCode.InstanceInUse, $"The job {other.Job.Id} works on the same files. Wait for its end, or cancel it first.");

    [LoggerMessage(LogLevel.Information, "The job to {Kind} {Model} ended: {State} {Reason}")]
    private partial void LogEnded(JobKind kind, string model, JobState state, string? reason);

    [LoggerMessage(LogLevel.Error, "The job to {Kind} {Model} failed")]
    private partial void LogFault(JobKind kind, string model, Exception fault);
}
