using System.Text;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>server_status</c></summary>
internal sealed class ServerStatusTool(McpPictures pictures) : McpTool
{
    public override ToolCard Card { get; } = new(
        "server_status",
        "Server status",
        "Tell which backends answer, what is loaded, what is loading and what waits. Costs nothing: it neither loads nor generates. Use it when a call failed or takes long.")
    {
        Input = Schema.Arguments(),
        Output = Schema.Result("""
            "status": {"enum":["ok","degraded"]}, "version": {"type":"string"}, "active_model": {"type":"string"},
            "backends": {"type":"array","items":{"type":"object"}}, "loading": {"type":"array","items":{"type":"object"}}, "waiting": {"type":"array","items":{"type":"object"}}
            """, "status", "version", "backends", "loading", "waiting"),
        ReadOnly = true,
        Idempotent = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var snapshot = await pictures.LookAsync(call.Context.Grant, cancellationToken);
        var text = new StringBuilder();
        foreach (var view in snapshot.Backends)
            text.AppendLine(view.Reachable ? $"{view.Name}: answers, {view.Models.Count} models, {view.Instances.Count} loaded{(view.Problem is { } amiss ? $" ({amiss})" : "")}" : $"{view.Name}: {view.Problem ?? "does not answer"}");
        return new ToolAnswer(text.ToString().TrimEnd()) { Structured = McpJson.Object(writer => pictures.WriteStatus(writer, snapshot, call.Context.Grant)) };
    }
}
