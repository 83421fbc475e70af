using System.Runtime.CompilerServices;
using LmGateway.Serving.Dialects;
using LmGateway.Vocabulary;

namespace LmGateway.Serving;

/// <summary>An answer that is handed on while it arrives.</summary>
internal sealed class StreamingAnswer(
    Delivery delivery, int status, string contentType, bool streamed, Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> blocks) : InferenceAnswer
{
    public override int Status => status;

    public override string ContentType => contentType;

    public override bool Streamed => streamed;

    public override int Events => delivery.Tally.Events;
    public override string ServerTiming => delivery.Trace.ServerTiming;

    public override IReadOnlyList<string> IgnoredParameters => delivery.Request.Ignored;

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> Blocks([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var tail = delivery.Prepared.Call.IsNative ? new NativeTail(delivery.Tally) : null;
        await using var source = blocks(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(source))
        {
            delivery.NotePiece();
            delivery.NoteBlock(source.Current);
            tail?.Note(source.Current.Span, streamed);
            yield return source.Current;
        }

        tail?.End();
        if (status < 400) delivery.Complete();
        else delivery.Fail(new GatewayError(ErrorCode.BackendFault, $"The backend answered with status {status}.") { Backend = delivery.Backend });
    }

    public override ValueTask DisposeAsync() => delivery.DisposeAsync();

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> source)
    {
        try
        {
            return await source.MoveNextAsync();
        }
        catch (GatewayException failure)
        {
            delivery.Fail(failure.Error);
            throw;
        }
    }
}
