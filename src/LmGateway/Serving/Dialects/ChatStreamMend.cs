using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// Makes a backend's stream of chat or completion chunks one that OpenAI's clients read. One block comes out for each block that
/// completed an event, made of whole events; events that need nothing keep their bytes. It ends with <c>[DONE]</c>, or, after the
/// good events, with a <see cref="GatewayException"/>: never with both, and never with neither.
/// </summary>
internal static class ChatStreamMend
{
    /// <summary>How long a backend may take to close a stream whose end it has announced; past it the connection is given up.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Blocks are valid until the next one is asked for, on both sides.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ApplyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> blocks,
        ChatStreamOptions options,
        ReplyTally tally,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stream = new ChunkStream(options, tally);
        using var leave = new CancellationTokenSource(Timeout.InfiniteTimeSpan, tally.Time);
        using var link = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), leave);
        await using var reads = blocks.GetAsyncEnumerator(leave.Token);
        while (!stream.Ended && await reads.MoveNextAsync())
        {
            var block = stream.Take(reads.Current);
            if (!block.IsEmpty) yield return block;
            if (stream.Fault is { } fault) throw fault;
            stream.Keep();
        }

        if (!stream.Ended)
        {
            var last = stream.TakeEnd();
            if (!last.IsEmpty) yield return last;
            if (stream.Fault is { } fault) throw fault;
            yield break;
        }

        // Reading to the end gives the connection back to be used again.
        leave.CancelAfter(Grace);
        await DrainAsync(reads, cancellationToken);
    }

    private static async Task DrainAsync(IAsyncEnumerator<ReadOnlyMemory<byte>> reads, CancellationToken cancellationToken)
    {
        try
        {
            while (await reads.MoveNextAsync())
            {
                // Nothing counts after the end that was announced.
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or GatewayException && !cancellationToken.IsCancellationRequested)
        {
            // The answer is whole; how the connection ends is of no matter.
        }
    }
}
