using System.Text;
using System.Text.Json;
using LmGateway.Backends.Wire;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>The reply of <c>/v1/chat/completions</c> or <c>/v1/completions</c> out of its chunks.</summary>
internal sealed class ChoiceCollector(bool isChat) : AnswerCollector
{
    private readonly SortedDictionary<int, Choice> choices = [];
    private JsonElement? first;
    private JsonElement? timings;
    private JsonElement? usage;
    private int completionTokens;

    public override void Take(JsonElement data)
    {
        first ??= data;
        timings = data.Member("timings") ?? timings;
        if (data.Member("usage") is { } told)
        {
            // With several choices each of them brings its own count.
            usage = told;
            completionTokens += (int)(told.Whole("completion_tokens") ?? 0);
        }

        if (data.Member("choices") is not { ValueKind: JsonValueKind.Array } list) return;
        foreach (var choice in list.EnumerateArray()) Find((int)(choice.Whole("index") ?? 0)).Take(choice, isChat);
    }

    public override ReadOnlyMemory<byte>? Write()
    {
        if (!IsDone || choices.Count == 0) return null;
        return Json(writer =>
        {
            writer.WriteStartArray("choices");
            foreach (var (index, choice) in choices) choice.Write(writer, index, isChat);
            writer.WriteEndArray();
            foreach (var name in (ReadOnlySpan<string>)["created", "model", "system_fingerprint"]) Copy(writer, name, first!.Value.Member(name));
            writer.WriteString("object", isChat ? "chat.completion" : "text_completion");
            Copy(writer, "id", first!.Value.Member("id"));
            WriteUsage(writer);
            Copy(writer, "timings", timings);
        });
    }

    private void WriteUsage(Utf8JsonWriter writer)
    {
        if (usage is not { } told) return;
        writer.WriteStartObject("usage");
        writer.WriteNumber("completion_tokens", completionTokens);
        writer.WriteNumber("prompt_tokens", (int)(told.Whole("prompt_tokens") ?? 0));
        writer.WriteNumber("total_tokens", completionTokens + (int)(told.Whole("prompt_tokens") ?? 0));
        Copy(writer, "prompt_tokens_details", told.Member("prompt_tokens_details"));
        writer.WriteEndObject();
    }

    private Choice Find(int index)
    {
        if (choices.TryGetValue(index, out var choice)) return choice;
        return choices[index] = new Choice();
    }

    /// <summary>One answer.</summary>
    private sealed class Choice
    {
        private readonly StringBuilder content = new();
        private readonly StringBuilder reasoning = new();
        private readonly SortedDictionary<int, Call> calls = [];
        private readonly List<JsonElement> logprobs = [];
        private string? finish;

        public void Take(JsonElement json, bool isChat)
        {
            finish = json.Text("finish_reason") ?? finish;
            if (json.Member("logprobs") is { } told && told.Member("content") is { ValueKind: JsonValueKind.Array } entries) logprobs.AddRange(entries.EnumerateArray());
            if (!isChat)
            {
                content.Append(json.Text("text"));
                return;
            }

            if (json.Member("delta") is not { } delta) return;
            content.Append(delta.Text("content"));
            reasoning.Append(delta.Text("reasoning_content"));
            if (delta.Member("tool_calls") is not { ValueKind: JsonValueKind.Array } pieces) return;
            foreach (var piece in pieces.EnumerateArray()) TakeCall(piece);
        }

        public void Write(Utf8JsonWriter writer, int index, bool isChat)
        {
            writer.WriteStartObject();
            if (isChat) WriteMessage(writer);
            else writer.WriteString("text", content.ToString());
            writer.WriteNumber("index", index);
            if (logprobs.Count > 0)
            {
                writer.WriteStartObject("logprobs");
                writer.WriteStartArray("content");
                foreach (var entry in logprobs) entry.WriteTo(writer);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteString("finish_reason", finish ?? "stop");
            writer.WriteEndObject();
        }

        private void TakeCall(JsonElement piece)
        {
            var index = (int)(piece.Whole("index") ?? 0);
            if (!calls.TryGetValue(index, out var call)) calls[index] = call = new Call();
            call.Id ??= piece.Text("id");
            if (piece.Member("function") is not { } function) return;
            call.Name ??= function.Text("name");
            call.Arguments.Append(function.Text("arguments"));
        }

        private void WriteMessage(Utf8JsonWriter writer)
        {
            writer.WriteStartObject("message");
            writer.WriteString("role", "assistant");
            writer.WriteString("content", content.ToString());
            if (reasoning.Length > 0) writer.WriteString("reasoning_content", reasoning.ToString());
            if (calls.Count > 0)
            {
                writer.WriteStartArray("tool_calls");
                foreach (var call in calls.Values) call.Write(writer);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }
    }

    /// <summary>A tool call, whose arguments come nearly letter by letter.</summary>
    private sealed class Call
    {
        public string? Id { get; set; }

        public string? Name { get; set; }

        public StringBuilder Arguments { get; } = new();

        public void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteString("id", Id);
            writer.WriteStartObject("function");
            writer.WriteString("name", Name);
            writer.WriteString("arguments", Arguments.ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }
}
