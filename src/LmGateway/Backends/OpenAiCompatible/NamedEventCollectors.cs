using System.Text;
using System.Text.Json;
using LmGateway.Backends.Wire;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>The reply of <c>/v1/responses</c>: its last event holds it whole.</summary>
internal sealed class ResponseCollector : AnswerCollector
{
    private JsonElement? response;

    public override void Take(JsonElement data)
    {
        if (data.Text("type") is "response.completed" or "response.incomplete" or "response.failed") response = data.Member("response");
    }

    public override ReadOnlyMemory<byte>? Write() => response is { } whole ? Encoding.UTF8.GetBytes(whole.GetRawText()) : null;
}

/// <summary>The reply of <c>/v1/messages</c> out of the blocks of its stream.</summary>
internal sealed class MessageCollector : AnswerCollector
{
    private readonly SortedDictionary<int, Block> blocks = [];
    private JsonElement? start;
    private JsonElement? end;
    private bool stopped;

    public override void Take(JsonElement data)
    {
        var index = (int)(data.Whole("index") ?? 0);
        switch (data.Text("type"))
        {
            case "message_start": start = data.Member("message"); break;
            case "content_block_start" when data.Member("content_block") is { } block: blocks[index] = new Block(block); break;
            case "content_block_delta" when data.Member("delta") is { } delta && blocks.TryGetValue(index, out var known): known.Take(delta); break;
            case "message_delta": end = data; break;
            case "message_stop": stopped = true; break;
        }
    }

    public override ReadOnlyMemory<byte>? Write()
    {
        if (!stopped || start is not { } message) return null;
        return Json(writer =>
        {
            foreach (var name in (ReadOnlySpan<string>)["id", "type", "role"]) Copy(writer, name, message.Member(name));
            writer.WriteStartArray("content");
            foreach (var block in blocks.Values) block.Write(writer);
            writer.WriteEndArray();
            Copy(writer, "model", message.Member("model"));
            var delta = end is { } last ? last.Member("delta") : null;
            writer.WriteString("stop_reason", delta is { } told ? told.Text("stop_reason") : null);
            writer.WriteString("stop_sequence", delta is { } said ? said.Text("stop_sequence") : null);
            WriteUsage(writer, message);
        });
    }

    /// <summary>The prompt is counted at the start, the answer at the end.</summary>
    private void WriteUsage(Utf8JsonWriter writer, JsonElement message)
    {
        writer.WriteStartObject("usage");
        if (message.Member("usage") is { } atStart)
            foreach (var counter in atStart.EnumerateObject().Where(counter => counter.Name != "output_tokens")) counter.WriteTo(writer);
        writer.WriteNumber("output_tokens", end is { } last && last.Member("usage") is { } atEnd ? (int)(atEnd.Whole("output_tokens") ?? 0) : 0);
        writer.WriteEndObject();
    }

    /// <summary>Text, a thought, or the use of a tool.</summary>
    private sealed class Block(JsonElement first)
    {
        private readonly StringBuilder text = new();
        private string? signature;

        public void Take(JsonElement delta)
        {
            text.Append(delta.Text("text")).Append(delta.Text("thinking")).Append(delta.Text("partial_json"));
            signature = delta.Text("signature") ?? signature;
        }

        public void Write(Utf8JsonWriter writer)
        {
            var type = first.Text("type") ?? "text";
            writer.WriteStartObject();
            writer.WriteString("type", type);
            if (type == "tool_use")
            {
                Copy(writer, "id", first.Member("id"));
                Copy(writer, "name", first.Member("name"));
                writer.WritePropertyName("input");
                Input().WriteTo(writer);
            }
            else
            {
                writer.WriteString(type == "thinking" ? "thinking" : "text", text.ToString());
                if (type == "thinking") writer.WriteString("signature", signature ?? "");
            }

            writer.WriteEndObject();
        }

        /// <summary>Arguments that were cut short are none.</summary>
        private JsonElement Input()
        {
            try
            {
                return JsonElement.Parse(text.ToString());
            }
            catch (JsonException)
            {
                return JsonElement.Parse("{}");
            }
        }
    }
}
