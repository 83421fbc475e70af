using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.OpenAiCompatible;

/// <summary>
/// Asks llama-server for a stream where the caller wants a whole reply, and makes the one out of the other: it notices at once that the
/// caller of a stream has gone, but that of a whole reply only after a second in which it did nothing for anybody.
/// </summary>
internal sealed class StreamedAnswer(string backend, HttpUpstream upstream)
{
    private const int LongestEvent = 16 * 1024 * 1024;

    public static bool IsFor(Exchange exchange) =>
        exchange is { Streamed: false, Method: "POST", BodyStream: null }
        && exchange.Dialect is Dialect.OpenAiChat or Dialect.OpenAiCompletions or Dialect.OpenAiResponses or Dialect.AnthropicMessages;

    public async Task<ExchangeReply> AskAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        await using var reply = await upstream.AskAsync(exchange with { Body = Streaming(exchange.Body, exchange.Dialect), Streamed = true }, cancellationToken);
        if (reply.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) != true)
        {
            using var whole = await HeldReply.ReadAsync(reply, LongestEvent, cancellationToken);
            return new MadeReply(reply.Status, whole.Memory.ToArray());
        }

        AnswerCollector collector = exchange.Dialect switch
        {
            Dialect.OpenAiResponses => new ResponseCollector(),
            Dialect.AnthropicMessages => new MessageCollector(),
            _ => new ChoiceCollector(exchange.Dialect == Dialect.OpenAiChat),
        };
        await ReadAsync(reply, collector, cancellationToken);
        return new MadeReply(200, collector.Write() ?? throw BrokenOff());
    }

    private async Task ReadAsync(ExchangeReply reply, AnswerCollector collector, CancellationToken cancellationToken)
    {
        using var splitter = new SseSplitter(ArrayPool<byte>.Shared, LongestEvent);
        await foreach (var block in reply.Blocks(cancellationToken))
        {
            splitter.Feed(block);
            while (splitter.TryNext(out var found)) Take(found, collector);
            splitter.Keep();
        }
    }

    private void Take(in SseEvent found, AnswerCollector collector)
    {
        if (found.Data.Span.SequenceEqual("[DONE]"u8))
        {
            collector.IsDone = true;
            return;
        }

        JsonElement data;
        try
        {
            data = JsonElement.Parse(found.Data.Span);
        }
        catch (JsonException)
        {
            throw BrokenOff();
        }

        var isError = found.Name.Span.SequenceEqual("error"u8) || (data.ValueKind == JsonValueKind.Object && data.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object);
        if (isError) throw new GatewayException(UpstreamErrors.Read(200, found.Data.Span, backend));
        if (data.ValueKind == JsonValueKind.Object) collector.Take(data);
    }

    /// <summary>The same request with <c>stream</c> on; everything else stands as it stood.</summary>
    private static ReadOnlySequence<byte> Streaming(in ReadOnlySequence<byte> body, Dialect dialect)
    {
        var written = new ArrayBufferWriter<byte>((int)body.Length + 64);
        written.Write(dialect is Dialect.OpenAiChat or Dialect.OpenAiCompletions ? """{"stream":true,"stream_options":{"include_usage":true}"""u8 : """{"stream":true"""u8);
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = reader.TokenStartIndex;
            var isOurs = reader.ValueTextEquals("stream"u8) || reader.ValueTextEquals("stream_options"u8);
            reader.Read();
            reader.Skip();
            if (isOurs) continue;
            written.Write(","u8);
            foreach (var segment in body.Slice(start, reader.BytesConsumed - start)) written.Write(segment.Span);
        }

        written.Write("}"u8);
        return new ReadOnlySequence<byte>(written.WrittenMemory);
    }

    private GatewayException BrokenOff() =>
        new(new GatewayError(ErrorCode.BackendFault, "llama-server broke its answer off before it was finished.") { Backend = backend });

    /// <summary>A reply that was made here.</summary>
    private sealed class MadeReply(int status, ReadOnlyMemory<byte> body) : ExchangeReply
    {
        public override int Status => status;

        public override string ContentType => "application/json";

        public override IReadOnlyList<Header> Headers => [];

        public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return body;
            await Task.CompletedTask;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
