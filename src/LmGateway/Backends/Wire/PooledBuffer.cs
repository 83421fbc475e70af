using System.Buffers;

namespace LmGateway.Backends.Wire;

/// <summary>A growing piece of pooled memory. What was written is valid until the next write, clear or disposal.</summary>
internal sealed class PooledBuffer(ArrayPool<byte> pool) : IBufferWriter<byte>, IDisposable
{
    private const int Smallest = 1024;

    private byte[] buffer = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    public Span<byte> WrittenSpan => buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void RemoveFirst(int count)
    {
        buffer.AsSpan(count, Length - count).CopyTo(buffer);
        Length -= count;
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureRoom(sizeHint);
        return buffer.AsSpan(Length);
    }

    public void Dispose()
    {
        if (buffer.Length > 0) pool.Return(buffer);
        buffer = [];
        Length = 0;
    }

    private void EnsureRoom(int sizeHint)
    {
        var needed = Length + Math.Max(sizeHint, 1);
        if (needed <= buffer.Length) return;
        var larger = pool.Rent(Math.Max(Math.Max(needed, Smallest), (int)Math.Min(buffer.Length * 2L, Array.MaxLength)));
        buffer.AsSpan(0, Length).CopyTo(larger);
        if (buffer.Length > 0) pool.Return(buffer);
        buffer = larger;
    }
}
