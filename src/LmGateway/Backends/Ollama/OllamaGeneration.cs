using System.Runtime.CompilerServices;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Ollama;

/// <summary>A generation by <c>/api/chat</c>: one JSON object a line, the last one with <c>done</c>. A stream that ends without it was broken off.</summary>
internal static class OllamaGeneration
{
    private const int LongestLine = 16 * 1024 * 1024;

    public static async IAsyncEnumerable<ChatEvent> RunAsync(OllamaApi api, ReadOnlyMemory<byte> body, GenerationLimits limits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reply = await api.StreamAsync("/api/chat", body, limits, cancellationToken);
        using var splitter = new LineSplitter(LongestLine);
        var reading = new Reading(api);
        await foreach (var block in reply.Blocks(cancellationToken))
        {
            splitter.Feed(block);
            while (reading.Finished is null && splitter.TryNext(out var line))
                foreach (var happened in reading.Take(line)) yield return happened;
            if (reading.Finished is not null) break;
            splitter.Keep();
        }

        if (reading.Finished is null && splitter.TryLast(out var last))
            foreach (var happened in reading.Take(last)) yield return happened;
        yield return reading.Finished
            ?? throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "Ollama broke the stream off before the answer was finished.") { Backend = api.Backend });
    }

    /// <summary>What has been understood of the stream so far.</summary>
    private sealed class Reading(OllamaApi api)
    {
        private bool started;
        private int calls;

        public ChatEvent.Finished? Finished { get; private set; }

        public List<ChatEvent> Take(ReadOnlyMemory<byte> line)
        {
            using var document = api.Line(line);
            var chunk = document.RootElement;
            var events = new List<ChatEvent>();
            if (!started && chunk.Text("model") is { } model) events.Add(new ChatEvent.Started(model));
            started = true;
            var message = chunk.Member("message") ?? default;
            if (message.Text("thinking") is { Length: > 0 } thought) events.Add(new ChatEvent.Reasoning(thought));
            if (message.Text("content") is { Length: > 0 } text) events.Add(new ChatEvent.Text(text));
            foreach (var call in message.Items("tool_calls")) events.Add(ReadCall(call));
            if (chunk.IsTrue("done")) Finished = new ChatEvent.Finished(Reason(chunk.Text("done_reason")), Usage(chunk));
            return events;
        }

        /// <summary>Calls come whole. Older servers give them no id, and every server may begin each line's numbers anew.</summary>
        private ChatEvent.ToolCall ReadCall(JsonElement call)
        {
            var function = call.Member("function") ?? default;
            var index = calls++;
            return new ChatEvent.ToolCall(index, call.Text("id") ?? $"call_{index}", function.Text("name"), function.Member("arguments")?.GetRawText() ?? "{}");
        }

        /// <summary>A counter of zero is left out.</summary>
        private static Usage Usage(JsonElement chunk) => new((int)(chunk.Whole("prompt_eval_count") ?? 0), (int)(chunk.Whole("eval_count") ?? 0));

        /// <summary>Ollama has no reason of its own for tool calls.</summary>
        private string Reason(string? told) => string.IsNullOrEmpty(told) || told == "stop" ? calls > 0 ? "tool_calls" : "stop" : told;
    }
}
