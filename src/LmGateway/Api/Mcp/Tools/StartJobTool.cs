using System.Text.Json;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>start_job</c>: any other tool, without waiting for it.</summary>
internal sealed class StartJobTool(IServiceProvider services, ToolRuns runs) : McpTool
{
    private static readonly string[] JobTools = ["start_job", "job_status", "job_result", "cancel_job"];

    public override ToolCard Card { get; } = new(
        "start_job",
        "Start a job",
        "Start another tool (chat, embed, load_model, pull_model, init_llm …) in the background and get a job id at once. Use it for work that may take longer than a minute, "
        + "or to run several prompts while you go on; ask with job_status and fetch the answer with job_result.")
    {
        Input = Schema.Arguments("""
            "tool": {"type":"string","description":"The tool to run."}, "arguments": {"type":"object","description":"Its arguments."}
            """, "tool"),
        Output = Schema.Result(Schema.Job, "job_id", "tool", "status"),
    };

    public override Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var name = call.Arguments.RequiredName("tool");
        var tools = (ToolList)services.GetService(typeof(ToolList))!;
        if (JobTools.Contains(name) || tools.Find(name) is not { } tool)
            throw ToolArguments.Fault("tool", $"There is no tool '{name}' to run as a job. There are: {string.Join(", ", tools.All.Select(other => other.Card.Name).Except(JobTools))}.");
        var run = runs.Keep(runs.Start(tool, Arguments(call.Arguments), call.Context));
        return Task.FromResult(new ToolAnswer($"Started {name} as {run.Id}.") { Structured = run.Describe() });
    }

    private static ToolArguments Arguments(ToolArguments arguments)
    {
        if (arguments.Find("arguments") is not { } value) return ToolArguments.None;
        if (value.ValueKind != JsonValueKind.Object) throw ToolArguments.Fault("arguments", "Field 'arguments' must be an object.");
        return new ToolArguments(value.EnumerateObject().GroupBy(property => property.Name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal));
    }
}
