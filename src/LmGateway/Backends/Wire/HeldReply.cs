using System.Buffers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>The whole body of a reply in pooled memory, given back on disposal.</summary>
internal sealed class HeldReply : IDisposable
{
    private readonly ArrayPool<byte> pool;
    private byte[] buffer;

    private HeldReply(ArrayPool<byte> pool) => (this.pool, buffer) = (pool, pool.Rent(4096));

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    /// <summary>Reads to the end; a body past the limit is a fault of the backend.</summary>
    public static async Task<HeldReply> ReadAsync(ExchangeReply reply, long limit, CancellationToken cancellationToken, ArrayPool<byte>? pool = null)
    {
        var held = new HeldReply(pool ?? ArrayPool<byte>.Shared);
        try
        {
            await foreach (var block in reply.Blocks(cancellationToken)) held.Append(block.Span, limit);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (buffer.Length == 0) return;
        pool.Return(buffer);
        buffer = [];
        Length = 0;
    }

    private void Append(ReadOnlySpan<byte> block, long limit)
    {
        if (Length + (long)block.Length > limit)
            throw new GatewayException(ErrorCode.BackendFault, $"The backend's reply is larger than {limit} bytes. The limit is the setting limits.reply_bytes.");
        if (Length + block.Length > buffer.Length)
        {
            var more = pool.Rent(Math.Max(buffer.Length * 2, Length + block.Length));
            buffer.AsSpan(0, Length).CopyTo(more);
            pool.Return(buffer);
            buffer = more;
        }

        block.CopyTo(buffer.AsSpan(Length));
        Length += block.Length;
    }
}
