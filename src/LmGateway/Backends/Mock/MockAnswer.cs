using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Mock;

/// <summary>Writes a canned reply in OpenAI's forms: a whole body, or the events of a stream.</summary>
internal sealed class MockAnswer(MockRequest request, MockResponse response, long number, Dialect dialect)
{
    /// <summary>Any fixed moment does: the same request gets the same bytes.</summary>
    private const long Created = 1700000000;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private bool IsChat => dialect == Dialect.OpenAiChat;

    private string Kind => IsChat ? "chat.completion.chunk" : "text_completion";

    private string Model => response.ModelUsed ?? request.Model;

    private string FinishReason => response.FinishReason ?? (response.ToolCalls is not null ? "tool_calls" : response.FunctionCall is not null ? "function_call" : "stop");

    /// <summary>The text's words, each with the space before it.</summary>
    private List<string> Pieces
    {
        get
        {
            var pieces = new List<string>();
            for (var start = 0; start < response.Text.Length;)
            {
                var word = start;
                while (word < response.Text.Length && char.IsWhiteSpace(response.Text[word])) word++;
                while (word < response.Text.Length && !char.IsWhiteSpace(response.Text[word])) word++;
                pieces.Add(response.Text[start..word]);
                start = word;
            }

            return pieces;
        }
    }

    public byte[] Whole() => Json(writer =>
    {
        WriteHead(writer, IsChat ? "chat.completion" : "text_completion");
        WriteChoice(writer, () => WriteContent(writer), response.Logprobs, FinishReason);
        WriteUsage(writer);
    });

    public IEnumerable<byte[]> Events()
    {
        if (IsChat) yield return Chunk(writer => writer.WriteString("role", "assistant"));
        var logprobs = response.Logprobs;
        foreach (var piece in Pieces)
        {
            yield return Chunk(writer => writer.WriteString(IsChat ? "content" : "text", piece), logprobs);
            logprobs = null;
        }

        if (IsChat && response.ToolCalls is { } calls) yield return Chunk(writer => WriteRaw(writer, "tool_calls", Numbered(calls)));
        if (IsChat && response.FunctionCall is { } call) yield return Chunk(writer => WriteRaw(writer, "function_call", call));
        yield return Chunk(writer => { if (!IsChat) writer.WriteString("text", ""); }, finish: FinishReason);
        if (request.UsageAsked) yield return UsageChunk();
        yield return "data: [DONE]\n\n"u8.ToArray();
    }

    private byte[] Chunk(Action<Utf8JsonWriter> content, string? logprobs = null, string? finish = null) => Event(Json(writer =>
    {
        WriteHead(writer, Kind);
        WriteChoice(writer, () =>
        {
            if (IsChat) writer.WriteStartObject("delta");
            content(writer);
            if (IsChat) writer.WriteEndObject();
        }, logprobs, finish);
    }));

    private byte[] UsageChunk() => Event(Json(writer =>
    {
        WriteHead(writer, Kind);
        writer.WriteStartArray("choices");
        writer.WriteEndArray();
        WriteUsage(writer);
    }));

    private void WriteHead(Utf8JsonWriter writer, string kind)
    {
        writer.WriteString("id", $"{(IsChat ? "chatcmpl" : "cmpl")}-mock-{number}");
        writer.WriteString("object", kind);
        writer.WriteNumber("created", Created);
        writer.WriteString("model", Model);
        if (response.SystemFingerprint is { } fingerprint) writer.WriteString("system_fingerprint", fingerprint);
    }

    private static void WriteChoice(Utf8JsonWriter writer, Action content, string? logprobs, string? finish)
    {
        writer.WriteStartArray("choices");
        writer.WriteStartObject();
        writer.WriteNumber("index", 0);
        content();
        if (logprobs is null) writer.WriteNull("logprobs");
        else WriteRaw(writer, "logprobs", logprobs);
        writer.WriteString("finish_reason", finish);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private void WriteContent(Utf8JsonWriter writer)
    {
        if (!IsChat)
        {
            writer.WriteString("text", response.Text);
            return;
        }

        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        writer.WriteString("content", response.Text);
        if (response.ToolCalls is { } calls) WriteRaw(writer, "tool_calls", calls);
        if (response.FunctionCall is { } call) WriteRaw(writer, "function_call", call);
        writer.WriteEndObject();
    }

    private void WriteUsage(Utf8JsonWriter writer)
    {
        var prompt = response.PromptTokens ?? request.PromptTokens;
        var completion = response.CompletionTokens ?? Pieces.Count;
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", prompt);
        writer.WriteNumber("completion_tokens", completion);
        writer.WriteNumber("total_tokens", response.TotalTokens ?? prompt + completion);
        writer.WriteEndObject();
    }

    /// <summary>In a stream each tool call says which one it is.</summary>
    private static string Numbered(string calls)
    {
        var list = JsonNode.Parse(calls)!.AsArray();
        for (var index = 0; index < list.Count; index++)
            if (list[index] is JsonObject call) call["index"] = index;
        return list.ToJsonString();
    }

    private static void WriteRaw(Utf8JsonWriter writer, string name, string json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json);
    }

    private static byte[] Event(byte[] json) => [.. "data: "u8, .. json, .. "\n\n"u8];

    /// <summary>An object as JSON text.</summary>
    internal static byte[] Json(Action<Utf8JsonWriter> members)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, Readable))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }
}
