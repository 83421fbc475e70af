using System.Text.Json;

namespace LmGateway.Serving.Translation;

/// <summary>An answer of Anthropic's Messages API: blocks, one open at a time.</summary>
internal sealed class MessagesAnswer(AnswerHead head) : PartedAnswer(head)
{
    private string StopReason => FinishReason switch { "length" => "max_tokens", "tool_calls" => "tool_use", "content_filter" => "refusal", _ => "end_turn" };

    protected override void Begin() => Tell("message_start", writer =>
    {
        writer.WriteStartObject("message");
        Write(writer);
        writer.WriteEndObject();
    });

    protected override void Open(AnswerPart part) => Tell("content_block_start", writer =>
    {
        writer.WriteNumber("index", part.Place);
        writer.WritePropertyName("content_block");
        WriteBlock(writer, part, isWhole: false);
    });

    protected override void Delta(AnswerPart part, string piece) => TellDelta(part, part.Kind switch
    {
        PartKind.Reasoning => ("thinking_delta", "thinking"),
        PartKind.Text => ("text_delta", "text"),
        _ => ("input_json_delta", "partial_json"),
    }, piece);

    protected override void Close(AnswerPart part)
    {
        if (part.Kind == PartKind.Reasoning) TellDelta(part, ("signature_delta", "signature"), "");
        Tell("content_block_stop", writer => writer.WriteNumber("index", part.Place));
    }

    protected override void End()
    {
        Tell("message_delta", writer =>
        {
            writer.WriteStartObject("delta");
            writer.WriteString("stop_reason", StopReason);
            writer.WriteNull("stop_sequence");
            writer.WriteEndObject();
            WriteUsage(writer);
        });
        Tell("message_stop", _ => { });
    }

    protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("id", Head.Id("msg_", 0));
        writer.WriteString("type", "message");
        writer.WriteString("role", "assistant");
        writer.WriteString("model", Head.Model);
        writer.WriteStartArray("content");
        foreach (var part in Parts) WriteBlock(writer, part, isWhole: true);
        writer.WriteEndArray();
        writer.WriteString("stop_reason", FinishReason is null ? null : StopReason);
        writer.WriteNull("stop_sequence");
        WriteUsage(writer);
    }

    private static void WriteBlock(Utf8JsonWriter writer, AnswerPart part, bool isWhole)
    {
        var content = isWhole ? part.Content.ToString() : "";
        writer.WriteStartObject();
        switch (part.Kind)
        {
            case PartKind.Reasoning:
                writer.WriteString("type", "thinking");
                writer.WriteString("thinking", content);
                writer.WriteString("signature", "");
                break;
            case PartKind.Text:
                writer.WriteString("type", "text");
                writer.WriteString("text", content);
                break;
            default:
                writer.WriteString("type", "tool_use");
                writer.WriteString("id", part.CallId);
                writer.WriteString("name", part.Name);
                writer.WritePropertyName("input");
                Input(content).WriteTo(writer);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>Arguments that were cut short are no object.</summary>
    private static JsonElement Input(string arguments)
    {
        try
        {
            var input = JsonElement.Parse(arguments);
            if (input.ValueKind == JsonValueKind.Object) return input;
        }
        catch (JsonException)
        {
            // As below.
        }

        return JsonElement.Parse("{}");
    }

    private void TellDelta(AnswerPart part, (string Type, string Member) kind, string piece) => Tell("content_block_delta", writer =>
    {
        writer.WriteNumber("index", part.Place);
        writer.WriteStartObject("delta");
        writer.WriteString("type", kind.Type);
        writer.WriteString(kind.Member, piece);
        writer.WriteEndObject();
    });

    private void WriteUsage(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", Usage.PromptTokens);
        writer.WriteNumber("output_tokens", Usage.CompletionTokens);
        writer.WriteEndObject();
    }
}
