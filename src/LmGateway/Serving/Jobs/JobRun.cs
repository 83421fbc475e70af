namespace LmGateway.Serving.Jobs;

/// <summary>One job at work: its latest state, and the three ways to end it early.</summary>
internal sealed class JobRun(JobList list, JobOrder order, Job first) : JobReport, IDisposable
{
    private const int MostOutput = 64 * 1024;

    private readonly CancellationTokenSource ending = new();
    private volatile Job job = first;
    private volatile bool givenUp;
    private volatile bool silent;
    private volatile Action? moved;

    public JobOrder Order => order;

    public Job Job { get => job; set => job = value; }

    /// <summary>The work; it never fails.</summary>
    public Task Task { get; set; } = Task.CompletedTask;

    public CancellationToken Ending => ending.Token;

    public override bool IsGivenUp => givenUp;

    /// <summary>It was ended because nothing happened for too long.</summary>
    public bool IsSilent => silent;

    public void GiveUp()
    {
        givenUp = !job.IsOver;
        ending.Cancel();
    }

    public void Stop() => ending.Cancel();

    /// <summary>From now on the job ends when it makes no progress for this long.</summary>
    public ITimer Limit(TimeSpan silence, TimeProvider time)
    {
        var timer = time.CreateTimer(_ => FallSilent(), null, silence, Timeout.InfiniteTimeSpan);
        moved = () => timer.Change(silence, Timeout.InfiniteTimeSpan);
        return timer;
    }

    public override void Progress(long bytes, long? total, string? message = null)
    {
        if (bytes != job.Bytes) moved?.Invoke();
        list.Change(this, job => job with { Bytes = bytes, Total = total ?? job.Total, Message = message ?? job.Message });
    }

    public override void Line(string text)
    {
        moved?.Invoke();
        list.Change(this, job => job with { Output = Append(job.Output, text) });
    }

    public void Dispose() => ending.Dispose();

    private void FallSilent()
    {
        silent = true;
        ending.Cancel();
    }

    /// <summary>The end counts: what matters comes last.</summary>
    private static string Append(string output, string text)
    {
        var whole = output.Length == 0 ? text : $"{output}\n{text}";
        return whole.Length <= MostOutput ? whole : whole[^MostOutput..];
    }
}
