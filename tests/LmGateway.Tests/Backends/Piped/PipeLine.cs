using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace LmGateway.Tests.Backends.Piped;

/// <summary>What a frame carries.</summary>
internal enum FrameKind : byte
{
    Call,
    Piece,
    End,
    Result,
    Error,
}

/// <summary>One end of a line of bytes in both directions: frames of a kind, a length and that many bytes. Disposing it hangs up.</summary>
internal sealed class PipeLine(PipeReader incoming, PipeWriter outgoing) : IAsyncDisposable
{
    private const int HeadBytes = 5;

    /// <summary>Two ends of one line.</summary>
    public static (PipeLine Near, PipeLine Far) Pair()
    {
        var (there, back) = (new Pipe(), new Pipe());
        return (new PipeLine(back.Reader, there.Writer), new PipeLine(there.Reader, back.Writer));
    }

    public async ValueTask WriteAsync(FrameKind kind, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        var head = outgoing.GetSpan(HeadBytes);
        head[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], payload.Length);
        outgoing.Advance(HeadBytes);
        outgoing.Write(payload.Span);
        var result = await outgoing.FlushAsync(cancellationToken);
        if (result.IsCompleted) throw new IOException("The other end hung up.");
    }

    /// <summary>Null where the other end hung up.</summary>
    public async ValueTask<(FrameKind Kind, byte[] Payload)?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await incoming.ReadAsync(cancellationToken);
            if (TryRead(result.Buffer, out var frame, out var end))
            {
                incoming.AdvanceTo(end);
                return frame;
            }

            incoming.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted) return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await outgoing.CompleteAsync();
        await incoming.CompleteAsync();
    }

    private static bool TryRead(ReadOnlySequence<byte> buffer, out (FrameKind, byte[]) frame, out SequencePosition end)
    {
        (frame, end) = (default, buffer.Start);
        if (buffer.Length < HeadBytes) return false;
        Span<byte> head = stackalloc byte[HeadBytes];
        buffer.Slice(0, HeadBytes).CopyTo(head);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head[1..]);
        if (buffer.Length < HeadBytes + length) return false;
        var payload = buffer.Slice(HeadBytes, length);
        (frame, end) = (((FrameKind)head[0], payload.ToArray()), payload.End);
        return true;
    }
}
