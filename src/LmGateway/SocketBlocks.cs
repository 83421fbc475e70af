using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace LmGateway;

/// <summary>
/// The server's buffers in blocks of 16 KiB instead of its own 4 KiB: a long prompt is received by a quarter of the system calls and hand-overs. What is
/// given back is kept for the next, up to a limit, so that a burst of connections does not cost its memory for ever.
/// </summary>
internal sealed class SocketBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 16 * 1024;
    private const int MostKept = 1024;

    /// <summary>What this thread gave back last: it takes it again without a word to the others.</summary>
    [ThreadStatic]
    private static Block? own;

    private readonly ConcurrentQueue<Block> kept = new();
    private int count;

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (own is { } block && block.IsOf(this))
        {
            own = null;
            return block;
        }

        if (!kept.TryDequeue(out block)) return new Block(this);
        Interlocked.Decrement(ref count);
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        // The server disposes of its pool before its last connections have let go of theirs; the collector has the rest.
    }

    private void Return(Block block)
    {
        if (own is null) own = block;
        else if (Interlocked.Increment(ref count) <= MostKept) kept.Enqueue(block);
        else Interlocked.Decrement(ref count);
    }

    /// <summary>Pinned once and for all, because the kernel writes into it.</summary>
    private sealed class Block(SocketBlocks pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = System.Runtime.InteropServices.MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);

        public bool IsOf(SocketBlocks asked) => ReferenceEquals(pool, asked);

        public void Dispose() => pool.Return(this);
    }
}
