using System.Buffers;
using LmGateway.Backends.Wire;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>Makes the answer that a caller gets out of a backend's reply: mended as its dialect asks, or as it comes.</summary>
internal sealed class AnswerFactory(ArrayPool<byte> pool, TimeProvider time)
{
    public ValueTask<InferenceAnswer> MakeAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var (call, reply) = (delivery.Prepared.Call, delivery.Reply);
        if (call.IsNative) return new(new StreamingAnswer(delivery, reply.Status, reply.ContentType ?? "application/json", IsEventStream(reply), reply.Blocks));
        if (delivery.Request.Streamed && IsEventStream(reply)) return new(new StreamingAnswer(delivery, 200, "text/event-stream; charset=utf-8", streamed: true, Mended(delivery)));
        return WholeAnswer.ReadAsync(delivery, Gaps(delivery), delivery.Prepared.Settings.Limits.ReplyBytes, cancellationToken);
    }

    private Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> Mended(Delivery delivery)
    {
        var (reply, tally, call) = (delivery.Reply, delivery.Tally, delivery.Prepared.Call);
        if (call.Dialect is Dialect.OpenAiResponses or Dialect.AnthropicMessages)
            return cancellationToken => EventStreamGuard.ApplyAsync(reply.Blocks(cancellationToken), new EventStreamOptions { Dialect = call.Dialect, Backend = delivery.Backend, Pool = pool }, tally, cancellationToken);
        var gaps = Gaps(delivery);
        var stream = new ChatStreamOptions
        {
            Id = gaps.Id,
            Created = gaps.Created,
            Model = gaps.Model,
            Completions = call.Dialect == Dialect.OpenAiCompletions,
            UsageAsked = delivery.Request.UsageAsked,
            UsageInFinalChunk = call.IsUnderContract,
            Expected = delivery.Expected,
            Backend = delivery.Backend,
            Pool = pool,
        };
        return cancellationToken => ChatStreamMend.ApplyAsync(reply.Blocks(cancellationToken), stream, tally, cancellationToken);
    }

    /// <summary>What stands in for members that the backend leaves out.</summary>
    private ReplyMendOptions Gaps(Delivery delivery) => new()
    {
        Dialect = delivery.Prepared.Call.Dialect,
        RequestId = delivery.Prepared.Call.Context.RequestId,
        Time = time,
        Model = delivery.Prepared.Model,
        Base64Embeddings = delivery.Request.Base64Embeddings,
        Expected = delivery.Expected,
        Backend = delivery.Backend,
        Pool = pool,
    };

    private static bool IsEventStream(ExchangeReply reply) =>
        reply.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
}
