using System.Buffers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>
/// The whole body of a reply: where it was received, as long as the reply is not disposed of, if all of it was there at once; else in pooled memory, given
/// back on disposal.
/// </summary>
internal sealed class HeldReply : IDisposable
{
    private const int FirstRoom = 4096;

    private readonly ArrayPool<byte> pool;
    private byte[] buffer = [];

    private HeldReply(ArrayPool<byte> pool) => this.pool = pool;

    public ReadOnlyMemory<byte> Memory { get; private set; }

    /// <summary>Reads to the end; a body past the limit is a fault of the backend.</summary>
    public static async ValueTask<HeldReply> ReadAsync(ExchangeReply reply, long limit, CancellationToken cancellationToken, ArrayPool<byte>? pool = null)
    {
        var held = new HeldReply(pool ?? ArrayPool<byte>.Shared);
        if (reply.TryTakeWhole(out var whole)) return whole.Length <= limit ? held.Borrow(whole) : throw TooLarge(limit);
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
        if (buffer.Length > 0) pool.Return(buffer);
        (buffer, Memory) = ([], default);
    }

    private static GatewayException TooLarge(long limit) =>
        new(ErrorCode.BackendFault, $"The backend's reply is larger than {limit} bytes. The limit is the setting limits.reply_bytes.");

    private HeldReply Borrow(ReadOnlyMemory<byte> whole)
    {
        Memory = whole;
        return this;
    }

    private void Append(ReadOnlySpan<byte> block, long limit)
    {
        var length = Memory.Length;
        if (length + (long)block.Length > limit) throw TooLarge(limit);
        if (length + block.Length > buffer.Length)
        {
            var more = pool.Rent(Math.Max(Math.Max(buffer.Length * 2, FirstRoom), length + block.Length));
            buffer.AsSpan(0, length).CopyTo(more);
            if (buffer.Length > 0) pool.Return(buffer);
            buffer = more;
        }

        block.CopyTo(buffer.AsSpan(length));
        Memory = buffer.AsMemory(0, length + block.Length);
    }
}
