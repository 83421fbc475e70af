using System.Buffers;

namespace LmStudio.Client.Sockets;

/// <summary>A growing buffer over pooled memory. It belongs to one owner at a time, who disposes it.</summary>
internal sealed class PooledBuffer(int initialBytes = 1024) : IBufferWriter<byte>, IDisposable
{
    private const int KeepBytes = 256 * 1024;

    private byte[] array = ArrayPool<byte>.Shared.Rent(initialBytes);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => array.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Empties the buffer; memory that one huge frame needed goes back to the pool.</summary>
    public void Clear()
    {
        Length = 0;
        if (array.Length > KeepBytes) Replace(ArrayPool<byte>.Shared.Rent(initialBytes));
    }

    public void Dispose() => Replace([]);

    private void Reserve(int more)
    {
        if (array.Length - Length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(array.Length * 2, Length + more));
        Written.CopyTo(larger);
        Replace(larger);
    }

    private void Replace(byte[] other)
    {
        var old = array;
        array = other;
        if (old.Length > 0) ArrayPool<byte>.Shared.Return(old);
    }
}
