using System.Buffers;
using System.Text;

namespace LeanNats.Protocol;

/// <summary>A growing buffer over pooled arrays.</summary>
internal sealed class PooledBuffer : IBufferWriter<byte>, IDisposable
{
    private const int InitialSize = 4 * 1024;

    /// <summary>A larger array goes back to the pool as soon as it is empty.</summary>
    private const int KeptSize = 256 * 1024;

    private byte[] array = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => array.AsMemory(0, Length);

    public void Clear()
    {
        Length = 0;
        if (array.Length > KeptSize) Dispose();
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(Math.Max(sizeHint, 1));
        return array.AsSpan(Length);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Length += bytes.Length;
    }

    public void WriteText(string text) => Length += Encoding.UTF8.GetBytes(text, GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));

    public void WriteNumber(long number)
    {
        number.TryFormat(GetSpan(20), out var written);
        Length += written;
    }

    public void Dispose()
    {
        if (array.Length > 0) ArrayPool<byte>.Shared.Return(array);
        array = [];
        Length = 0;
    }

    private void Grow(int more)
    {
        if (array.Length - Length >= more) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + more), Math.Max(InitialSize, array.Length * 2)));
        array.AsSpan(0, Length).CopyTo(larger);
        if (array.Length > 0) ArrayPool<byte>.Shared.Return(array);
        array = larger;
    }
}
