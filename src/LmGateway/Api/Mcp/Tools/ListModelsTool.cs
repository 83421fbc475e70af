using System.Text;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>list_models</c></summary>
internal sealed class ListModelsTool(McpPictures pictures) : McpTool
{
    public override ToolCard Card { get; } = new(
        "list_models",
        "List models",
        "List the models on this machine and which of them are loaded. Costs nothing: it neither loads nor generates. Use the keys that it gives as 'model' in other tools.")
    {
        Input = Schema.Arguments("""
            "loaded_only": {"type":"boolean","description":"Only models that are in memory now."},
            "type": {"enum":["llm","embedding"]}
            """),
        Output = Schema.Result("""
            "models": {"type":"array","items":{"type":"object","properties":{"key":{"type":"string"},"backend":{"type":"string"},"type":{"type":"string"},
            "state":{"enum":["loaded","not-loaded"]},"instances":{"type":"array"}},"required":["key","backend","type","state"]}},
            "active_model": {"type":"string"}
            """, "models"),
        ReadOnly = true,
        Idempotent = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var (loadedOnly, type) = (call.Arguments.Flag("loaded_only"), Type(call.Arguments.Text("type")));
        var snapshot = await pictures.LookAsync(call.Context.Grant, cancellationToken);
        var models = pictures.Models(snapshot).Where(entry => (!loadedOnly || entry.Instances.Count > 0) && (type is null || entry.Model.Type == type)).ToList();
        var text = new StringBuilder();
        foreach (var (model, instances) in models)
            text.AppendLine($"{model.Key} ({model.Type.ToString().ToLowerInvariant()}, {(instances.Count > 0 ? "loaded" : "not loaded")})");
        if (models.Count == 0) text.Append(pictures.WhyNone(snapshot, loadedOnly));
        return new ToolAnswer(text.ToString().TrimEnd()) { Structured = McpJson.Object(writer => pictures.WriteModels(writer, models, call.Context.Grant)) };
    }

    private static ModelType? Type(string? text) => text?.ToLowerInvariant() switch
    {
        null or "" => null,
        "llm" or "chat" => ModelType.Llm,
        "embedding" or "embeddings" => ModelType.Embedding,
        _ => throw ToolArguments.Fault("type", "Field 'type' must be llm or embedding."),
    };
}
