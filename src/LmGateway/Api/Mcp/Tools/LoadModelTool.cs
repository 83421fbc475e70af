using LmGateway.Events;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>load_model</c></summary>
internal sealed class LoadModelTool(ModelOperations operations) : McpTool
{
    public override ToolCard Card { get; } = new(
        "load_model",
        "Load a model",
        "Load a downloaded model into memory, which takes seconds to minutes. A model that is loaded already stays as it is, unless instance_id asks for another copy. "
        + "chat and embed load the model that they name by themselves; use this to choose settings or to be ready in time.")
    {
        Input = Schema.Arguments("""
            "model": {"type":"string","description":"A key from list_models, or a unique part of one."},
            "context_length": {"type":"integer","minimum":1,"description":"In tokens; the model's own default otherwise."},
            "gpu": {"type":["number","string"],"description":"Part of the model on the GPU: 0 to 1, 'max' or 'off'."},
            "ttl": {"type":"integer","minimum":1,"description":"Seconds of idleness after which it is unloaded; never otherwise."},
            "instance_id": {"type":"string","description":"Load another copy under this name."},
            "exclusive": {"type":"boolean","description":"Unload everything else first."}
            """, "model"),
        Output = Schema.Result("""
            "model": {"type":"string"}, "instance_id": {"type":"string"}, "load_ms": {"type":"number"}, "unloaded": {"type":"array","items":{"type":"string"}},
            "not_applied": {"type":"array","items":{"type":"object"}}, "job_id": {"type":"string"}, "status": {"type":"string"}
            """),
        Scope = KeyScopes.Models,
        Idempotent = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var arguments = call.Arguments;
        var instance = arguments.Name("instance_id");
        var model = arguments.RequiredName("model");
        var command = new LoadCommand(model)
        {
            InstanceId = instance,
            Reuse = instance is null,
            Exclusive = arguments.Flag("exclusive"),
            Ttl = arguments.Whole("ttl", 1, int.MaxValue) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Settings = new LoadSettings { ContextLength = arguments.Whole("context_length", 1, int.MaxValue), GpuRatio = Gpu(arguments) },
            Progress = new LoadProgress(call, model),
        };
        call.Tell($"Loading {model}");
        var outcome = await operations.LoadAsync(command, call.Context.Call, cancellationToken);
        return new ToolAnswer(Text(outcome)) { Structured = McpJson.Object(writer =>
        {
            writer.WriteString("model", outcome.Instance.ModelKey);
            writer.WriteString("instance_id", outcome.Instance.Identifier);
            writer.WriteNumber("load_ms", Math.Round(outcome.Took.TotalMilliseconds));
            writer.WriteList("unloaded", outcome.Unloaded);
            writer.WriteStartArray("not_applied");
            foreach (var item in outcome.NotApplied)
            {
                writer.WriteStartObject();
                writer.WriteString("parameter", item.Parameter);
                writer.WriteString("reason", item.Reason);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }) };
    }

    private static string Text(LoadOutcome outcome) =>
        $"{outcome.Instance.ModelKey} is loaded as {outcome.Instance.Identifier}."
        + (outcome.Unloaded.Count > 0 ? $" Unloaded: {string.Join(", ", outcome.Unloaded)}." : "")
        + string.Concat(outcome.NotApplied.Select(item => $" Not applied: {item.Parameter} ({item.Reason})"));

    private static double? Gpu(ToolArguments arguments) => arguments.Find("gpu") is { } value && ToolArguments.TextOf(value) is { } text
        ? text.ToLowerInvariant() switch
        {
            "max" => 1,
            "off" => 0,
            _ => arguments.Number("gpu", 0, 1),
        }
        : arguments.Number("gpu", 0, 1);

    private sealed class LoadProgress(ToolCall call, string model) : IProgress<double>
    {
        private double told = -1;

        public void Report(double value)
        {
            var percent = Math.Floor(value * 100);
            if (percent <= told) return;
            told = percent;
            call.Tell($"Loading {model}: {percent:0}%", percent);
        }
    }
}
