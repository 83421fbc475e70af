using LmGateway.Events;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>unload_model</c></summary>
internal sealed class UnloadModelTool(ModelOperations operations) : McpTool
{
    public override ToolCard Card { get; } = new(
        "unload_model",
        "Unload a model",
        "Free the memory of a loaded model. Requests that run on it end first. Name a model, or one copy by instance_id, or everything with all.")
    {
        Input = Schema.Arguments("""
            "model": {"type":"string"}, "instance_id": {"type":"string"}, "all": {"type":"boolean","description":"Unload everything; with a model, every copy of it."}
            """),
        Output = Schema.Result("""
            "unloaded": {"type":"array","items":{"type":"string"}}
            """, "unloaded"),
        Scope = KeyScopes.Models,
        Idempotent = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var (model, instance) = (call.Arguments.Name("model"), call.Arguments.Name("instance_id"));
        if (!call.Arguments.Flag("all"))
        {
            if (model is null && instance is null) throw ToolArguments.Fault("model", "Missing required field: model (or instance_id, or all: true)");
            call.Tell($"Unloading {instance ?? model}");
            return Answer([(await operations.UnloadAsync(model, instance, force: false, call.Context.Call, cancellationToken)).Instance]);
        }

        call.Tell($"Unloading {model ?? "everything"}");
        var sweep = await operations.UnloadEveryAsync(model, call.Context.Call, cancellationToken);
        return sweep.Failure is { } failure ? throw new GatewayException(failure) : Answer(sweep.Gone);
    }

    private static ToolAnswer Answer(IReadOnlyList<ModelInstance> gone)
    {
        string[] names = [.. gone.Select(instance => instance.Identifier)];
        return new ToolAnswer(names.Length == 0 ? "Nothing was loaded." : $"Unloaded: {string.Join(", ", names)}.")
        {
            Structured = McpJson.Object(writer => writer.WriteList("unloaded", names)),
        };
    }
}
