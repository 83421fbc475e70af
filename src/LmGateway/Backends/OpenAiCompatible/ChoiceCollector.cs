using System.Text;
using System.Text.Json;

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
        timings = Member(data, "timings") ?? timings;
        if (Member(data, "usage") is { } told)
        {
            // With several choices each of them brings its own count.
            usage = told;
            completionTokens += Number(told, "completion_tokens");
        }

        if (Member(data, "choices") is not { ValueKind: JsonValueKind.Array } list) return;
        foreach (var choice in list.EnumerateArray()) Find(Number(choice, "index")).Take(choice, isChat);
    }

    public override ReadOnlyMemory<byte>? Write()
    {
        if (!IsDone || choices.Count == 0) return null;
        return Json(writer =>
        {
            writer.WriteStartArray("choices");
            foreach (var (index, choice) in choices) choice.Write(writer, index, isChat);
            writer.WriteEndArray();
            foreach (var name in (ReadOnlySpan<string>)["created", "model", "system_fingerprint"]) Copy(writer, name, Member(first!.Value, name));
            writer.WriteString("object", isChat ? "chat.completion" : "text_completion");
            Copy(writer, "id", Member(first!.Value, "id"));
            WriteUsage(writer);
            Copy(writer, "timings", timings);
        });
    }

    private void WriteUsage(Utf8JsonWriter writer)
    {
        if (usage is not { } told) return;
        writer.WriteStartObject("usage");
        writer.WriteNumber("completion_tokens", completionTokens);
        writer.WriteNumber("prompt_tokens", Number(told, "prompt_tokens"));
        writer.WriteNumber("total_tokens", completionTokens + Number(told, "prompt_tokens"));
        Copy(writer, "prompt_tokens_details", Member(told, "prompt_tokens_details"));
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
            finish = Text(json, "finish_reason") ?? finish;
            if (Member(json, "logprobs") is { } told && Member(told, "content") is { ValueKind: JsonValueKind.Array } entries) logprobs.AddRange(entries.EnumerateArray());
            if (!isChat)
            {
                content.Append(Text(json, "text"));
                return;
            }

            if (Member(json, "delta") is not { } delta) return;
            content.Append(Text(delta, "content"));
            reasoning.Append(Text(delta, "reasoning_content"));
            if (Member(delta, "tool_calls") is not { ValueKind: JsonValueKind.Array } pieces) return;
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
            var index = Number(piece, "index");
            if (!calls.TryGetValue(index, out var call)) calls[index] = call = new Call();
            call.Id ??= Text(piece, "id");
            if (Member(piece, "function") is not { } function) return;
            call.Name ??= Text(function, "name");
            call.Arguments.Append(Text(function, "arguments"));
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
