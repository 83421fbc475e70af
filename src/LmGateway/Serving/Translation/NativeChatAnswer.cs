using System.Text.Json;

namespace LmGateway.Serving.Translation;

/// <summary>An answer of LM Studio's own chat. No conversation is kept, so it has no <c>response_id</c>.</summary>
internal sealed class NativeChatAnswer(AnswerHead head) : PartedAnswer(head)
{
    protected override void Begin() => Tell("chat.start", writer => writer.WriteString("model_instance_id", Head.Model));

    protected override void Open(AnswerPart part) => Tell($"{Name(part)}.start", writer =>
    {
        if (part.Kind == PartKind.ToolCall) writer.WriteString("tool", part.Name);
    });

    protected override void Delta(AnswerPart part, string piece) => Tell(part.Kind == PartKind.ToolCall ? "tool_call.arguments" : $"{Name(part)}.delta", writer => writer.WriteString("content", piece));

    protected override void Close(AnswerPart part) => Tell($"{Name(part)}.end", _ => { });

    protected override void End() => Tell("chat.end", writer =>
    {
        writer.WriteStartObject("result");
        Write(writer);
        writer.WriteEndObject();
    });

    protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("model_instance_id", Head.Model);
        writer.WriteStartArray("output");
        foreach (var part in Parts)
        {
            writer.WriteStartObject();
            writer.WriteString("type", Name(part));
            if (part.Kind == PartKind.ToolCall) writer.WriteString("tool", part.Name);
            writer.WriteString(part.Kind == PartKind.ToolCall ? "arguments" : "content", part.Content.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("stats");
        writer.WriteNumber("input_tokens", Usage.PromptTokens);
        writer.WriteNumber("total_output_tokens", Usage.CompletionTokens);
        writer.WriteNumber("reasoning_output_tokens", 0);
        writer.WriteEndObject();
    }

    private static string Name(AnswerPart part) => part.Kind switch { PartKind.Reasoning => "reasoning", PartKind.Text => "message", _ => "tool_call" };
}
