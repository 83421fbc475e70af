using System.Buffers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>The whole body of a reply in pooled memory, given back on disposal.</summary>
internal sealed class HeldReply : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(4096);

    private HeldReply()
    {
    }

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    /// <summary>Reads to the end; a body past the limit is a fault of the backend.</summary>
    public static async Task<HeldReply> ReadAsync(ExchangeReply reply, long limit, CancellationToken cancellationToken)
    {
        var held = new HeldReply();
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
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        Length = 0;
    }

    private void Append(ReadOnlySpan<byte> block, long limit)
    {
        if (Length + (long)block.Length > limit)
            throw new GatewayException(ErrorCode.BackendFault, $"The backend's reply is larger than {limit} bytes. The limit is the setting limits.reply_bytes.");
        if (Length + block.Length > buffer.Length)
        {
            var more = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, Length + block.Length));
            buffer.AsSpan(0, Length).CopyTo(more);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = more;
        }

        block.CopyTo(buffer.AsSpan(Length));
        Length += block.Length;
    }
}
