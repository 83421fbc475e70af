using LmGateway.Events;
using LmGateway.Serving.Jobs;
using LmGateway.Serving.Models;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>delete_model</c></summary>
internal sealed class DeleteModelTool(ModelDeletion deletion, JobList jobs) : McpTool
{
    public override ToolCard Card { get; } = new(
        "delete_model",
        "Delete a model",
        "Unload a model and delete its files. It has to be downloaded again to be used. The person is asked first where the client can ask; otherwise confirm must be true.")
    {
        Input = Schema.Arguments("""
            "model": {"type":"string","description":"A key from list_models."},
            "confirm": {"type":"boolean","description":"Must be true; ask the person before you set it."}
            """, "model"),
        Output = Schema.Result("""
            "model": {"type":"string"}, "deleted": {"type":"array","items":{"type":"string"}}, "freed_bytes": {"type":"number"}, "unloaded": {"type":"array","items":{"type":"string"}}
            """, "model", "freed_bytes"),
        Scope = KeyScopes.Models,
        Destructive = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var model = call.Arguments.RequiredName("model");
        if (!call.Arguments.Flag("confirm"))
            return ToolAnswer.Failure($"Nothing was deleted. Ask the person whether '{model}' may be deleted, then call delete_model again with confirm: true.");
        call.Tell($"Deleting {model}");
        var job = await jobs.EndAsync(deletion.Start(new DeleteCommand(model), call.Context.Call).Id, cancellationToken);
        var done = (DeletionOutcome)job.OrThrow().Result!;
        return new ToolAnswer($"{done.ModelKey} is deleted; {done.FreedBytes / 1_000_000:0} MB are free again.")
        {
            Structured = McpJson.Object(writer =>
            {
                writer.WriteString("model", done.ModelKey);
                writer.WriteList("deleted", done.Files);
                writer.WriteNumber("freed_bytes", done.FreedBytes);
                writer.WriteList("unloaded", done.Unloaded);
            }),
        };
    }
}
