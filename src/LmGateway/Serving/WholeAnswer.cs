using System.Runtime.CompilerServices;
using LmGateway.Backends.Wire;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>An answer that is there as a whole, mended, before its first byte goes out.</summary>
internal sealed class WholeAnswer : InferenceAnswer
{
    private readonly Delivery delivery;
    private readonly HeldReply held;
    private readonly ReadOnlyMemory<byte> body;

    private WholeAnswer(Delivery delivery, HeldReply held, ReadOnlyMemory<byte> body) => (this.delivery, this.held, this.body) = (delivery, held, body);

    public override int Status => 200;

    public override string ContentType => "application/json; charset=utf-8";

    public override bool Streamed => false;

    public override long? Length => body.Length;

    /// <summary>Reads and mends the reply. A stream that came as something else is a fault, told in the backend's words where it has any.</summary>
    public static async Task<InferenceAnswer> ReadAsync(Delivery delivery, long limit, CancellationToken cancellationToken)
    {
        var reply = await HeldReply.ReadAsync(delivery.Reply, limit, cancellationToken);
        delivery.NotePiece();
        return new WholeAnswer(delivery, reply, reply.Memory);
    }

#pragma warning disable CS1998
    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return body;
        delivery.Outcome = RequestOutcome.Done;
    }

    public override async ValueTask DisposeAsync()
    {
        held.Dispose();
        await delivery.DisposeAsync();
    }
}
