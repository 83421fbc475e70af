namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>job_status</c>: what a job is doing, at once or when it has ended.</summary>
internal sealed class JobStatusTool(ToolRuns runs, TimeProvider time) : McpTool
{
    /// <summary>Below the limits that clients have for a call.</summary>
    private const int LongestWait = 25;

    public override ToolCard Card { get; } = new(
        "job_status",
        "Job status",
        "Tell what a job is doing. With wait_seconds it answers when the job ends, or after that long.")
    {
        Input = Schema.Arguments($$"""
            "job_id": {"type":"string"}, "wait_seconds": {"type":"number","minimum":0,"maximum":{{LongestWait}}}
            """, "job_id"),
        Output = Schema.Result(Schema.Job, "job_id", "tool", "status"),
        ReadOnly = true,
        Idempotent = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var job = runs.Get(call.Arguments.RequiredName("job_id"));
        if (call.Arguments.Number("wait_seconds", 0, LongestWait) is > 0 and var seconds) await WaitAsync(job, TimeSpan.FromSeconds(seconds), call, cancellationToken);
        return new ToolAnswer(job.State == ToolRunState.Running ? $"{job.Tool.Card.Name} is running: {job.Last.Message}" : $"{job.Tool.Card.Name} is {job.State.ToString().ToLowerInvariant()}. job_result gives its answer.")
        {
            Structured = job.Describe(),
        };
    }

    private async Task WaitAsync(ToolRun job, TimeSpan patience, ToolCall call, CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
        var waiting = job.Answer.WaitAsync(either.Token);
        await ToolWait.UntilEndedAsync(waiting, () => job.Last.Message, message => call.Tell(message), time);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
