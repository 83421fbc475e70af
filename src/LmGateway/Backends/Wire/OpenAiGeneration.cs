using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// A generation by a backend that speaks OpenAI's chat: asks for a stream and reads it as events. What backends do differently (two names
/// for reasoning, an error inside a 200, a stream that just ends) is understood here too.
/// </summary>
internal static class OpenAiGeneration
{
    private const int LongestEvent = 16 * 1024 * 1024;

    /// <summary>The request that asks for it.</summary>
    public static Exchange Exchange(string identifier, ChatRequest request, GenerationLimits limits) => new()
    {
        Dialect = Dialect.OpenAiChat,
        Method = "POST",
        PathAndQuery = "/v1/chat/completions",
        ContentType = "application/json",
        Body = OpenAiChatBody.Write(identifier, request),
        Streamed = true,
        Timeout = limits.Total,
        IdleTimeout = limits.Silence,
    };

    public static async IAsyncEnumerable<ChatEvent> RunAsync(IBackend backend, Exchange exchange, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reply = await backend.ExchangeAsync(exchange, cancellationToken);
        using var splitter = new SseSplitter(ArrayPool<byte>.Shared, LongestEvent);
        var reading = new Reading(backend.Name);
        await foreach (var block in reply.Blocks(cancellationToken))
        {
            splitter.Feed(block);
            while (!reading.Ended && splitter.TryNext(out var found))
                foreach (var happened in reading.Take(found)) yield return happened;
            splitter.Keep();
        }

        if (!reading.Ended && splitter.TryLast(out var last))
            foreach (var happened in reading.Take(last)) yield return happened;
        yield return reading.Finish();
    }

    /// <summary>What has been understood of the stream so far.</summary>
    private sealed class Reading(string backend)
    {
        private string? finish;
        private Usage? usage;
        private bool started;

        /// <summary>The stream said that it is over.</summary>
        public bool Ended { get; private set; }

        public List<ChatEvent> Take(in SseEvent found)
        {
            var events = new List<ChatEvent>();
            if (found.Data.Span.SequenceEqual("[DONE]"u8))
            {
                Ended = true;
                return events;
            }

            if (found.Name.Span.SequenceEqual("error"u8)) throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, backend));
            using var document = Parse(found.Data);
            var chunk = document.RootElement;
            if (chunk.TryGetProperty("error", out var error) && error.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
                throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, backend));
            ReadUsage(chunk);
            if (!started && Text(chunk, "model") is { } model) events.Add(new ChatEvent.Started(model));
            started = true;
            if (chunk.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0) ReadChoice(choices[0], events);
            return events;
        }

        public ChatEvent Finish()
        {
            if (finish is null && !Ended) throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "The backend broke the stream off before the answer was finished.") { Backend = backend });
            return new ChatEvent.Finished(finish ?? "stop", usage);
        }

        private JsonDocument Parse(ReadOnlyMemory<byte> data)
        {
            try
            {
                var document = JsonDocument.Parse(data);
                if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
                document.Dispose();
            }
            catch (JsonException)
            {
                // Told below, like anything else that is no chunk.
            }

            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "The backend sent an event that is not the JSON of a chunk.") { Backend = backend });
        }

        private void ReadUsage(JsonElement chunk)
        {
            if (chunk.TryGetProperty("usage", out var told) && told.ValueKind == JsonValueKind.Object)
                usage = new Usage(Number(told, "prompt_tokens"), Number(told, "completion_tokens"));
        }

        private void ReadChoice(JsonElement choice, List<ChatEvent> events)
        {
            if (choice.TryGetProperty("delta", out var delta) && delta.ValueKind == JsonValueKind.Object)
            {
                if ((Text(delta, "reasoning_content") ?? Text(delta, "reasoning")) is { Length: > 0 } reasoning) events.Add(new ChatEvent.Reasoning(reasoning));
                if (Text(delta, "content") is { Length: > 0 } content) events.Add(new ChatEvent.Text(content));
                if (delta.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
                    foreach (var call in calls.EnumerateArray()) events.Add(ReadCall(call));
            }

            if (Text(choice, "finish_reason") is { Length: > 0 } reason) finish = reason;
        }

        private static ChatEvent.ToolCall ReadCall(JsonElement call)
        {
            var function = call.TryGetProperty("function", out var named) && named.ValueKind == JsonValueKind.Object ? named : default;
            return new ChatEvent.ToolCall(Number(call, "index"), Filled(Text(call, "id")), Filled(Text(function, "name")), Text(function, "arguments") ?? "");
        }

        private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;

        private static string? Text(JsonElement json, string name)
        {
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
            try
            {
                return value.GetString();
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair is no text.
                return "\uFFFD";
            }
        }

        private static int Number(JsonElement json, string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : 0;
    }
}
