using System.Text.Json;
using LmGateway.Serving;
using LmGateway.Vocabulary;

namespace LmGateway.Api.Mcp.Tools;

/// <summary><c>chat</c></summary>
internal sealed class ChatTool(ToolGeneration generation, ToolModels models) : McpTool
{
    public override ToolCard Card { get; } = new(
        "chat",
        "Ask a local model",
        "Send a prompt to a local model and get its answer. It costs no API tokens but is several times slower than a hosted model, and weaker: give it bounded work "
        + "(summaries, extraction, drafts, classification) with all it needs in the prompt, because it sees nothing else. The first call of a model includes loading it.")
    {
        Input = Schema.Arguments("""
            "prompt": {"type":"string","description":"What to ask."},
            "system": {"type":"string","description":"How to answer."},
            "messages": {"type":"array","description":"Earlier turns.","items":{"type":"object","properties":{"role":{"enum":["system","user","assistant"]},"content":{"type":"string"}},"required":["role","content"]}},
            "model": {"type":"string","description":"A key from list_models; the configured or active model otherwise."},
            "temperature": {"type":"number","minimum":0,"maximum":2},
            "max_tokens": {"type":"integer","minimum":1},
            "json_schema": {"type":"object","description":"A JSON schema that the answer must fit."},
            "images": {"type":"array","items":{"type":"string"},"description":"Base64 or data URLs (PNG, JPEG, WebP), for a vision model."},
            "timeout_seconds": {"type":"number","minimum":1,"description":"After this long, give what there is, marked as truncated."}
            """, "prompt"),
        Output = Schema.Result($$"""
            "text": {"type":"string"}, "model": {"type":"string","description":"The one that answered."}, "finish_reason": {"type":"string"},
            "truncated": {"type":"boolean","description":"The answer is not complete."}, "note": {"type":"string"},
            "reasoning": {"type":"string","description":"What the model thought, apart from its answer."},
            "usage": {"type":"object"}, "timings": {"type":"object"}, "request_id": {"type":"string"}, {{Schema.Job}}
            """),
        ReadOnly = true,
        IsLong = true,
    };

    public override async Task<ToolAnswer> CallAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var arguments = call.Arguments;
        TimeSpan? limit = arguments.Number("timeout_seconds", 0.1, 86_400) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var request = ChatArguments.Read(arguments);
        var (model, defaults) = await models.ForChatAsync(arguments.Name("model"), call.Context.Settings, cancellationToken);
        var generated = await generation.RunAsync(new GenerationCall(call.Context.Call, model, ChatArguments.With(request, defaults)), limit, message => call.Tell(message), cancellationToken);
        var note = Note(generated);
        return new ToolAnswer(Shown(generated, note)) { Structured = Structure(generated, note, call.Context.Call.RequestId) };
    }

    private static string? Note(GeneratedText generated) =>
        generated.CutShort is { } why ? $"Truncated: {why}."
        : generated.Text.Length == 0 && generated.Reasoning.Length > 0 ? "The model only thought and gave no answer; call again with a larger max_tokens, or tell it to answer without thinking."
        : generated.FinishReason == "length" ? "Truncated: max_tokens or the context is used up."
        : generated.Text.Length == 0 ? "The model answered with nothing; ask in other words or try another model."
        : null;

    private static string Shown(GeneratedText generated, string? note) =>
        note is null ? generated.Text : generated.Text.Length == 0 ? $"({note})" : $"{generated.Text}\n\n({note})";

    private static JsonElement Structure(GeneratedText generated, string? note, string requestId) => McpJson.Object(writer =>
    {
        writer.WriteString("text", generated.Text);
        writer.WriteString("model", generated.Model);
        writer.WriteGiven("finish_reason", generated.FinishReason);
        writer.WriteBoolean("truncated", generated.CutShort is not null || generated.FinishReason == "length");
        writer.WriteGiven("note", note);
        if (generated.Reasoning.Length > 0) writer.WriteString("reasoning", generated.Reasoning);
        if (generated.Usage is { } usage)
        {
            writer.WriteStartObject("usage");
            writer.WriteNumber("prompt_tokens", usage.PromptTokens);
            writer.WriteNumber("completion_tokens", usage.CompletionTokens);
            writer.WriteEndObject();
        }

        WriteTimings(writer, generated);
        writer.WriteString("request_id", requestId);
    });

    private static void WriteTimings(Utf8JsonWriter writer, GeneratedText generated)
    {
        if (generated.Trace is not { } trace) return;
        writer.WriteStartObject("timings");
        writer.WriteNumber("queue_ms", Math.Round(trace.Queued.TotalMilliseconds));
        writer.WriteNumber("load_ms", Math.Round(trace.Load.TotalMilliseconds));
        writer.WriteGiven("ttft_ms", trace.FirstPiece is { } first ? Math.Round(first.TotalMilliseconds) : null);
        writer.WriteNumber("total_ms", Math.Round(trace.Total.TotalMilliseconds));
        writer.WriteGiven("tokens_per_second", trace.TokensPerSecond is { } speed ? Math.Round(speed, 1) : null);
        writer.WriteEndObject();
    }
}
