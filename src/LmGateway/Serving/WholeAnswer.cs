using System.Buffers;
using System.Runtime.CompilerServices;
using LmGateway.Backends.Wire;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>An answer that is there as a whole, mended, before its first byte goes out.</summary>
internal sealed class WholeAnswer : InferenceAnswer
{
    private readonly Delivery delivery;
    private readonly HeldReply held;
    private readonly MendedReply mended;

    private WholeAnswer(Delivery delivery, HeldReply held, MendedReply mended) => (this.delivery, this.held, this.mended) = (delivery, held, mended);

    public override int Status => 200;

    public override string ContentType => "application/json; charset=utf-8";

    public override bool Streamed => false;

    public override long? Length => mended.Body.Length;

    public override string ServerTiming => delivery.Trace.ServerTiming;

    public override IReadOnlyList<string> IgnoredParameters => delivery.Request.Ignored;

    /// <summary>
    /// Reads and mends the reply. An error in a success's clothes is thrown as what it is, and so is a whole reply where a stream was
    /// asked for.
    /// </summary>
    public static async ValueTask<InferenceAnswer> ReadAsync(Delivery delivery, ReplyMendOptions options, long limit, CancellationToken cancellationToken)
    {
        var reply = await HeldReply.ReadAsync(delivery.Reply, limit, cancellationToken, options.Pool);
        try
        {
            delivery.NotePiece();
            var body = Mend(delivery, reply.Memory, options);
            if (!delivery.Request.Streamed)
            {
                foreach (var segment in body.Body) delivery.NoteBlock(segment);
                return new WholeAnswer(delivery, reply, body);
            }

            body.Dispose();
            throw new GatewayException(new GatewayError(ErrorCode.BackendFault, "The backend answered a streamed request with a whole reply.") { Backend = delivery.Backend });
        }
        catch
        {
            reply.Dispose();
            throw;
        }
    }

    /// <summary>All of it, for who takes it at once and then says <see cref="Complete"/>.</summary>
    public ReadOnlySequence<byte> Body => mended.Body;

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var segment in mended.Body) yield return segment;
        Complete();
        await Task.CompletedTask;
    }

    /// <summary>The caller has it.</summary>
    public void Complete() => delivery.Complete();

    public override async ValueTask DisposeAsync()
    {
        mended.Dispose();
        held.Dispose();
        await delivery.DisposeAsync();
    }

    private static MendedReply Mend(Delivery delivery, ReadOnlyMemory<byte> body, ReplyMendOptions options) => delivery.Prepared.Call.Dialect switch
    {
        Dialect.OpenAiChat => ChatReplyMend.Apply(body, options, delivery.Tally),
        Dialect.OpenAiCompletions => CompletionReplyMend.Apply(body, options, delivery.Tally),
        Dialect.OpenAiEmbeddings => EmbeddingsReplyMend.Apply(body, options, delivery.Tally),
        _ => NamedReplyCheck.Apply(body, options, delivery.Tally),
    };
}
