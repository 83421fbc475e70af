using System.Runtime.CompilerServices;
using LmGateway.Backends;
using LmGateway.Backends.Wire;
using LmGateway.Configuration;
using LmGateway.Scheduling;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

internal sealed record Delivery(PreparedInference Prepared, MendedRequest Request, Lease Lease, ExchangeReply Reply, string Backend);

internal sealed class AnswerFactory(RequestLog log, GatewayOptions options, TimeProvider time)
{
    public Task<InferenceAnswer> MakeAsync(Delivery delivery, CancellationToken cancellationToken) { _ = log; _ = options; _ = time; return Task.FromResult<InferenceAnswer>(new Raw(delivery)); }
    private sealed class Raw(Delivery d) : InferenceAnswer
    {
        public override int Status => d.Reply.Status;
        public override string ContentType => d.Reply.ContentType ?? "application/json";
        public override bool Streamed => d.Request.Streamed;
        public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken) { await foreach (var b in d.Reply.Blocks(cancellationToken)) yield return b; }
        public override async ValueTask DisposeAsync() { await d.Reply.DisposeAsync(); d.Lease.Dispose(); }
    }
}
