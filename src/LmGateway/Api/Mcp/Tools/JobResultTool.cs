namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>job_result</c>: the answer of a job that has ended.</summary>
internal sealed class JobResultTool(ToolRuns runs) : McpTool
{
    public override ToolCard Card { get; } = new(
        "job_result",
        "Job result",
        "Give the answer of a job that has ended, as its tool would have given it.")
    {
        Input = Schema.Arguments("""
            "job_id": {"type":"string"}
            """, "job_id"),
        Output = Schema.Result($$"""{{Schema.Job}}, "result": {"type":"object","description":"The tool's own structured result."}""", "job_id", "tool", "status"),
        ReadOnly = true,
        Idempotent = true,
    };

    public override Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var job = runs.Get(call.Arguments.RequiredName("job_id"));
        if (job.Ended is not { } answer)
            return Task.FromResult(ToolAnswer.Failure($"{job.Tool.Card.Name} is still running: {job.Last.Message}. Call job_status with wait_seconds to wait for it."));
        var structure = McpJson.Object(writer =>
        {
            foreach (var member in job.Describe().EnumerateObject()) member.WriteTo(writer);
            if (answer.Structured is not { } result) return;
            writer.WritePropertyName("result");
            result.WriteTo(writer);
        });
        return Task.FromResult(answer with { Structured = structure });
    }
}
