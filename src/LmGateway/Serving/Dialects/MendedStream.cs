using LmGateway.Backends.Wire;
using System.Buffers;
using System.Runtime.CompilerServices;
using LmGateway.Vocabulary;

namespace LmGateway.Serving.Dialects;

/// <summary>
/// A stream of server-sent events on its way through: for each block that completed an event, one block of whole events comes out.
/// It ends in good order, or, after the good events, with a <see cref="GatewayException"/>.
/// </summary>
internal abstract class MendedStream(ArrayPool<byte> pool, int longestEvent, ReplyTally tally) : IDisposable
{
    /// <summary>How long a backend may take to close a stream whose end it has announced; past it the connection is given up.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly SseSplitter splitter = new(pool, longestEvent);

    private GatewayException? failure;

    protected StreamOutput Output { get; } = new(pool);

    protected ReplyTally Tally { get; } = tally;

    /// <summary>Nothing more will be written, whatever still comes.</summary>
    protected bool Ended { get; set; }

    /// <summary>Runs over a backend's blocks. Blocks are valid until the next one is asked for, on both sides.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> RunAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> blocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leave = new CancellationTokenSource(Timeout.InfiniteTimeSpan, Tally.Time);
        using var link = cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), leave);
        await using var reads = blocks.GetAsyncEnumerator(leave.Token);
        while (!Ended && await reads.MoveNextAsync())
        {
            var block = Take(reads.Current);
            if (!block.IsEmpty) yield return block;
            if (failure is not null) throw failure;
            splitter.Keep();
        }

        if (!Ended)
        {
            var last = TakeEnd();
            if (!last.IsEmpty) yield return last;
            if (failure is not null) throw failure;
            yield break;
        }

        // Reading to the end gives the connection back to be used again.
        leave.CancelAfter(Grace);
        await DrainAsync(reads, cancellationToken);
    }

    public virtual void Dispose()
    {
        splitter.Dispose();
        Output.Dispose();
    }

    /// <summary>Takes one event that carries data.</summary>
    protected abstract void Take(in SseEvent found);

    /// <summary>The backend closed the stream; throws if that was too early.</summary>
    protected abstract void EndOfStream();

    protected static bool IsDone(ReadOnlySpan<byte> data) => data.Trim(" \t\r\n"u8).SequenceEqual("[DONE]"u8);

    private ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> block)
    {
        splitter.Feed(block);
        Output.Begin(splitter.Window);
        try
        {
            while (!Ended && splitter.TryNext(out var found)) Take(found);
        }
        catch (GatewayException fault)
        {
            failure = fault;
        }

        return Output.Take();
    }

    private ReadOnlyMemory<byte> TakeEnd()
    {
        Output.Begin(splitter.Window);
        try
        {
            TakeLast();
            if (!Ended) EndOfStream();
        }
        catch (GatewayException fault)
        {
            failure = fault;
        }

        return Output.Take();
    }

    /// <summary>A last event that was cut short says nothing; whether the answer is whole is seen without it.</summary>
    private void TakeLast()
    {
        if (splitter.TryLast(out var last) && (JsonText.IsWhole(last.Data.Span) || IsDone(last.Data.Span))) Take(last);
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
