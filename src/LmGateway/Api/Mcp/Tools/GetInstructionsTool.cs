using System.Text;
using LmGateway.Api.Mcp.Routing;
using LmGateway.Serving;
using LmGateway.Serving.BringUp;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>get_instructions</c>: which agents should take a piece of work. It runs none of them.</summary>
internal sealed class GetInstructionsTool(RoutingFiles files, BringUpOperation bringUp, ToolGeneration generation) : McpTool
{
    public override ToolCard Card { get; } = new(
        "get_instructions",
        "Route a task to agents",
        "Find the agents that should handle a task, and what to tell them, by rules and a local model. Call init_llm first. An empty list means that no agent is special to the task: do it yourself.")
    {
        Input = Schema.Arguments($$"""
            "task": {"type":"string","description":"What is to be done."},
            "intent": {"type":"string","description":"What it is for."},
            "original_prompt": {"type":"string","description":"The person's own words."},
            "associated_files": {"type":"array","items":{"type":"string"},"maxItems":{{RoutingFacts.MostFiles}},"description":"Paths of the files that it is about."},
            "cwd": {"type":"string","description":"The working folder, whose git branch counts."}
            """, "task", "intent"),
        Output = Schema.Result("""
            "instructions": {"type":"array","items":{"type":"object","properties":{"trigger":{"type":"object"},"context":{"type":"object"},"route_to_agent":{"type":"object"}},"required":["trigger","context","route_to_agent"]}},
            "job_id": {"type":"string"}, "status": {"type":"string"}
            """),
        ReadOnly = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var facts = Facts(call);
        var config = await ReadAsync(cancellationToken);
        if (config.NeedsTags) facts = facts with { Tags = await AskAsync(config, facts, call, cancellationToken) };
        return ToolAnswer.Json(RoutingPlan.Make(config, facts));
    }

    /// <summary>What the caller can mend is said plainly; what stands in the way comes as JSON, as callers of this tool expect.</summary>
    public override ToolAnswer Failed(GatewayError error) => error.Code == ErrorCode.InvalidRequest
        ? ToolAnswer.Failure(error.Message)
        : ToolAnswer.Failure(McpJson.Text(McpJson.Object(writer => writer.WriteString("error", error.Message))));

    private async Task<RoutingConfig> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await files.ReadAsync(cancellationToken);
        }
        catch (RoutingConfigException fault)
        {
            throw new GatewayException(ErrorCode.NotSupported, $"The routing configuration cannot be used: {fault.Message}");
        }
    }

    private async Task<IReadOnlySet<string>> AskAsync(RoutingConfig config, RoutingFacts facts, ToolCall call, CancellationToken cancellationToken)
    {
        var settings = call.Context.Settings;
        var ready = await bringUp.FindReadyAsync(settings.Order, cancellationToken);
        var question = new GenerationCall(call.Context.Call, ready, TagQuestion.Write(config.Tags, facts, settings));
        var generated = await generation.RunAsync(question, total: null, message => call.Tell(message), cancellationToken);
        return TagQuestion.Read(generated.Text, config.Tags);
    }

    private static RoutingFacts Facts(ToolCall call)
    {
        var arguments = call.Arguments;
        var paths = arguments.Texts("associated_files");
        if (paths.Count > RoutingFacts.MostFiles) throw ToolArguments.Fault("associated_files", $"Field 'associated_files' may hold {RoutingFacts.MostFiles} paths at most.");
        if (paths.FirstOrDefault(path => Encoding.UTF8.GetByteCount(path) > RoutingFacts.LongestPath) is not null) throw ToolArguments.Fault("associated_files", $"A path in 'associated_files' is longer than {RoutingFacts.LongestPath} bytes.");
        var folder = arguments.Text("cwd") ?? call.Context.Settings.WorkingFolder;
        return new RoutingFacts(Limited("task", arguments.RequiredText("task")), Limited("intent", arguments.RequiredText("intent")))
        {
            OriginalPrompt = arguments.Text("original_prompt") is { } prompt ? Limited("original_prompt", prompt) : null,
            Files = paths,
            Branch = folder is null || !Path.IsPathFullyQualified(folder) ? null : GitBranch.Find(folder),
        };
    }

    private static string Limited(string name, string text) => Encoding.UTF8.GetByteCount(text) <= RoutingFacts.LongestText
        ? text
        : throw ToolArguments.Fault(name, $"Field '{name}' is longer than {RoutingFacts.LongestText} bytes.");
}
