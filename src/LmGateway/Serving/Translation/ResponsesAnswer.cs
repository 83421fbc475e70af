using System.Text.Json;

namespace LmGateway.Serving.Translation;

/// <summary>An answer of the Responses API: items, and numbered events that tell of their growth.</summary>
internal sealed class ResponsesAnswer(AnswerHead head) : PartedAnswer(head)
{
    private const string InProgress = "in_progress";

    private int number;

    private string Status => FinishReason switch { null => InProgress, "length" => "incomplete", _ => "completed" };

    protected override void Begin()
    {
        Number("response.created", WriteResponse);
        Number("response.in_progress", WriteResponse);
    }

    protected override void Open(AnswerPart part)
    {
        Number("response.output_item.added", writer =>
        {
            writer.WriteNumber("output_index", part.Place);
            writer.WriteStartObject("item");
            WriteItem(writer, part, InProgress);
            writer.WriteEndObject();
        });
        if (part.Kind == PartKind.Text) At(part, "response.content_part.added", writer => WriteTextPart(writer, ""));
    }

    protected override void Delta(AnswerPart part, string piece) => At(part, $"response.{Name(part)}.delta", writer => writer.WriteString("delta", piece));

    protected override void Close(AnswerPart part)
    {
        var content = part.Content.ToString();
        At(part, $"response.{Name(part)}.done", writer => writer.WriteString(part.Kind == PartKind.ToolCall ? "arguments" : "text", content));
        if (part.Kind == PartKind.Text) At(part, "response.content_part.done", writer => WriteTextPart(writer, content));
        Number("response.output_item.done", writer =>
        {
            writer.WriteNumber("output_index", part.Place);
            writer.WriteStartObject("item");
            WriteItem(writer, part, "completed");
            writer.WriteEndObject();
        });
    }

    protected override void End() => Number($"response.{Status}", WriteResponse);

    protected override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("id", Head.Id("resp_", 0));
        writer.WriteString("object", "response");
        writer.WriteNumber("created_at", Head.Created);
        writer.WriteString("status", Status);
        writer.WriteNull("error");
        if (Status == "incomplete")
        {
            writer.WriteStartObject("incomplete_details");
            writer.WriteString("reason", "max_output_tokens");
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteNull("incomplete_details");
        }

        writer.WriteString("model", Head.Model);
        writer.WriteStartArray("output");
        if (Status != InProgress)
        {
            foreach (var part in Parts)
            {
                writer.WriteStartObject();
                WriteItem(writer, part, "completed");
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
        writer.WriteBoolean("parallel_tool_calls", true);
        writer.WriteString("tool_choice", "auto");
        writer.WriteStartArray("tools");
        writer.WriteEndArray();
        writer.WriteBoolean("store", false);
        WriteUsage(writer);
    }

    private static string Name(AnswerPart part) => part.Kind switch { PartKind.Reasoning => "reasoning_text", PartKind.Text => "output_text", _ => "function_call_arguments" };

    private string ItemId(AnswerPart part) => Head.Id(part.Kind switch { PartKind.Reasoning => "rs_", PartKind.Text => "msg_", _ => "fc_" }, part.Place);

    private void WriteResponse(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("response");
        Write(writer);
        writer.WriteEndObject();
    }

    private void WriteItem(Utf8JsonWriter writer, AnswerPart part, string status)
    {
        writer.WriteString("id", ItemId(part));
        switch (part.Kind)
        {
            case PartKind.Reasoning:
                writer.WriteString("type", "reasoning");
                writer.WriteStartArray("summary");
                writer.WriteEndArray();
                writer.WriteStartArray("content");
                if (part.Content.Length > 0) WriteObject(writer, "reasoning_text", part.Content.ToString());
                writer.WriteEndArray();
                break;
            case PartKind.Text:
                writer.WriteString("type", "message");
                writer.WriteString("role", "assistant");
                writer.WriteString("status", status);
                writer.WriteStartArray("content");
                if (status != InProgress) WriteText(writer, part.Content.ToString());
                writer.WriteEndArray();
                break;
            default:
                writer.WriteString("type", "function_call");
                writer.WriteString("call_id", part.CallId);
                writer.WriteString("name", part.Name);
                writer.WriteString("arguments", part.Content.ToString());
                writer.WriteString("status", status);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, string type, string text)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteString("text", text);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string text)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "output_text");
        writer.WriteString("text", text);
        writer.WriteStartArray("annotations");
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTextPart(Utf8JsonWriter writer, string text)
    {
        writer.WritePropertyName("part");
        WriteText(writer, text);
    }

    private void WriteUsage(Utf8JsonWriter writer)
    {
        if (Status == InProgress)
        {
            writer.WriteNull("usage");
            return;
        }

        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", Usage.PromptTokens);
        writer.WriteStartObject("input_tokens_details");
        writer.WriteNumber("cached_tokens", 0);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens", Usage.CompletionTokens);
        writer.WriteStartObject("output_tokens_details");
        writer.WriteNumber("reasoning_tokens", 0);
        writer.WriteEndObject();
        writer.WriteNumber("total_tokens", Usage.TotalTokens);
        writer.WriteEndObject();
    }

    private void At(AnswerPart part, string type, Action<Utf8JsonWriter> write) => Number(type, writer =>
    {
        writer.WriteString("item_id", ItemId(part));
        writer.WriteNumber("output_index", part.Place);
        if (part.Kind != PartKind.ToolCall) writer.WriteNumber("content_index", 0);
        write(writer);
    });

    private void Number(string type, Action<Utf8JsonWriter> write) => Tell(type, writer =>
    {
        writer.WriteNumber("sequence_number", number++);
        write(writer);
    });
}
