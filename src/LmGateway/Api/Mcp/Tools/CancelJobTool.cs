namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>cancel_job</c></summary>
internal sealed class CancelJobTool(ToolRuns runs) : McpTool
{
    public override ToolCard Card { get; } = new(
        "cancel_job",
        "Cancel a job",
        "End a job. A generation stops at once, and so does a download that pull_model started.")
    {
        Input = Schema.Arguments("""
            "job_id": {"type":"string"}
            """, "job_id"),
        Output = Schema.Result(Schema.Job, "job_id", "tool", "status"),
        Idempotent = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var job = runs.Get(call.Arguments.RequiredName("job_id"));
        job.GiveUp();
        await job.Answer.WaitAsync(cancellationToken);
        return new ToolAnswer($"{job.Tool.Card.Name} is {job.State.ToString().ToLowerInvariant()}.") { Structured = job.Describe() };
    }
}
