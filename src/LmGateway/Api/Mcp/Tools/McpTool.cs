using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary>What clients and their models read of a tool.</summary>
/// <param name="Name">What calls name.</param>
/// <param name="Title">What people see.</param>
/// <param name="Description">When to use it and what it costs, for the model that decides.</param>
internal sealed record ToolCard(string Name, string Title, string Description)
{
    /// <summary>JSON schemas of the arguments and of the structured result.</summary>
    public required JsonElement Input { get; init; }

    public required JsonElement Output { get; init; }

    /// <summary>What a caller's key must open.</summary>
    public KeyScopes Scope { get; init; } = KeyScopes.Inference;

    public bool ReadOnly { get; init; }

    /// <summary>May destroy what cannot be had back by calling another tool.</summary>
    public bool Destructive { get; init; }

    /// <summary>Calling it again with the same arguments changes nothing more.</summary>
    public bool Idempotent { get; init; }

    /// <summary>Reaches beyond the machines that are configured.</summary>
    public bool OpenWorld { get; init; }

    /// <summary>May take minutes, so that it is worth a job.</summary>
    public bool IsLong { get; init; }
}

/// <summary>The result of a call: text for people and simple clients, structure for programs.</summary>
internal sealed record ToolAnswer(string Text)
{
    public JsonElement? Structured { get; init; }

    /// <summary>It failed, and the text says what to do next.</summary>
    public bool IsError { get; init; }

    /// <summary>An answer whose text is the structure itself.</summary>
    public static ToolAnswer Json(JsonElement structure, bool isError = false) => new(McpJson.Text(structure)) { Structured = structure, IsError = isError };

    public static ToolAnswer Failure(string text) => new(text) { IsError = true };
}

/// <summary>One call of a tool.</summary>
internal sealed record ToolCall(ToolArguments Arguments, ToolContext Context, ToolRun Run)
{
    /// <summary>Tells whoever follows the call what is being done.</summary>
    public void Tell(string message, double? percent = null) => Run.Tell(message, percent);
}

/// <summary>Who calls, and with which settings.</summary>
internal sealed record ToolContext(CallContext Call, ToolSettings Settings)
{
    /// <summary>What the caller's key grants; null where no key was needed.</summary>
    public KeyGrant? Grant => Call.Grant;
}

/// <summary>A tool that MCP clients can call. Failures of the call are <see cref="GatewayException"/>s; they become answers.</summary>
internal abstract class McpTool
{
    public abstract ToolCard Card { get; }

    public abstract Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken);

    /// <summary>What a client gets that cannot wait for the end: the call goes on as a job.</summary>
    public virtual ToolAnswer StillRunning(ToolRun run) => new($"Still running: {run.Last.Message}. Ask for it with job_status (job_id \"{run.Id}\"), and for its answer with job_result.")
    {
        Structured = run.Describe(),
    };

    /// <summary>What a failure looks like.</summary>
    public virtual ToolAnswer Failed(GatewayError error) => ToolAnswer.Failure(ToolErrors.Text(error));
}
