using System.Buffers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>Cuts a stream of bytes into lines, wherever the reads end. Empty lines are left out.</summary>
internal sealed class LineSplitter(int longestLine) : IDisposable
{
    private readonly PooledBuffer carry = new(ArrayPool<byte>.Shared);
    private ReadOnlyMemory<byte> rest;

    /// <summary>Takes one read. Its lines are valid until the next one; take them all first.</summary>
    public void Feed(ReadOnlyMemory<byte> block)
    {
        if (carry.Length == 0)
        {
            rest = block;
            return;
        }

        carry.Write(block.Span);
        rest = carry.Written;
    }

    public bool TryNext(out ReadOnlyMemory<byte> line)
    {
        while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            line = Trimmed(rest[..end]);
            rest = rest[(end + 1)..];
            if (!line.IsEmpty) return true;
        }

        line = default;
        return false;
    }

    /// <summary>Keeps the piece of a line that is there while the block's memory is still valid.</summary>
    public void Keep()
    {
        if (rest.Length > longestLine)
            throw new GatewayException(ErrorCode.BackendFault, $"The backend sent a line of more than {longestLine} bytes.");
        if (carry.Length == 0) carry.Write(rest.Span);
        else carry.RemoveFirst(carry.Length - rest.Length);
        rest = default;
    }

    /// <summary>At the end of the stream: a last line without its end.</summary>
    public bool TryLast(out ReadOnlyMemory<byte> line)
    {
        line = Trimmed(carry.Written);
        return !line.IsEmpty;
    }

    public void Dispose() => carry.Dispose();

    private static ReadOnlyMemory<byte> Trimmed(ReadOnlyMemory<byte> line) => line.Trim(" \t\r"u8.ToArray());
}
