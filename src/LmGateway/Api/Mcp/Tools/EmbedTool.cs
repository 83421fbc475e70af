using System.Buffers;
using System.Text.Json;
using LmGateway.Events;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>embed</c></summary>
internal sealed class EmbedTool(InferencePipeline pipeline, ToolModels models, QueueState queues, TimeProvider time) : McpTool
{
    private const int MostTexts = 1000;

    public override ToolCard Card { get; } = new(
        "embed",
        "Compute embeddings",
        "Turn texts into vectors with a local embedding model, for search and comparison. Vectors are long: ask for few, and keep them out of prompts.")
    {
        Input = Schema.Arguments("""
            "input": {"description":"One text or a list of texts.","anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]},
            "model": {"type":"string","description":"An embedding model's key from list_models; the only one there is otherwise."}
            """, "input"),
        Output = Schema.Result($$"""
            "model": {"type":"string"}, "dimensions": {"type":"integer"}, "embeddings": {"type":"array","items":{"type":"array","items":{"type":"number"} } },
            "prompt_tokens": {"type":"integer"}, {{Schema.Job}}
            """),
        ReadOnly = true,
        Idempotent = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var texts = call.Arguments.Texts("input");
        if (texts.Count == 0) throw ToolArguments.Fault("input", "Missing required field: input");
        if (texts.Count > MostTexts) throw ToolArguments.Fault("input", $"Field 'input' may hold {MostTexts} texts at most.");
        var model = await models.ForEmbeddingAsync(call.Arguments.Name("model"), call.Context.Grant, cancellationToken);
        var prepared = pipeline.Prepare(new InferenceCall
        {
            Context = call.Context.Call,
            Dialect = Dialect.OpenAiEmbeddings,
            PathAndQuery = "/v1/embeddings",
            Wanted = ModelType.Embedding,
            Body = new ReadOnlySequence<byte>(McpJson.Bytes(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("model", model);
                writer.WriteList("input", texts);
                writer.WriteEndObject();
            })),
        });
        var starting = pipeline.StartAsync(prepared, cancellationToken);
        await ToolWait.UntilEndedAsync(starting, () => queues.Reason(model) ?? $"Computing {texts.Count} embeddings", message => call.Tell(message), time);
        await using var answer = await starting;
        return await ReadAsync(answer, model, cancellationToken);
    }

    private static async Task<ToolAnswer> ReadAsync(InferenceAnswer answer, string model, CancellationToken cancellationToken)
    {
        var body = new ArrayBufferWriter<byte>();
        await foreach (var block in answer.Blocks(cancellationToken)) body.Write(block.Span);
        using var reply = JsonDocument.Parse(body.WrittenMemory);
        var vectors = reply.RootElement.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("embedding")).ToList();
        var dimensions = vectors.Count > 0 ? vectors[0].GetArrayLength() : 0;
        var answering = reply.RootElement.TryGetProperty("model", out var named) ? ToolArguments.TextOf(named) ?? model : model;
        return new ToolAnswer($"{vectors.Count} embeddings of {dimensions} numbers by {answering}.")
        {
            Structured = McpJson.Object(writer =>
            {
                writer.WriteString("model", answering);
                writer.WriteNumber("dimensions", dimensions);
                writer.WriteStartArray("embeddings");
                foreach (var vector in vectors) vector.WriteTo(writer);
                writer.WriteEndArray();
                if (reply.RootElement.TryGetProperty("usage", out var usage) && usage.TryGetProperty("prompt_tokens", out var tokens)) writer.WriteNumber("prompt_tokens", tokens.GetInt64());
            }),
        };
    }
}
