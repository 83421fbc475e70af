using System.Net.WebSockets;

namespace LmStudio.Client.Sockets;

/// <summary>Puts the fragments of one socket together into whole frames.</summary>
internal sealed class FrameReader(WebSocket socket, int maxFrameBytes) : IDisposable
{
    private const int ReadBytes = 16 * 1024;

    private readonly PooledBuffer buffer = new(ReadBytes);

    /// <summary>
    /// The next whole frame, valid until the next read; null when the peer closed.
    /// A frame over the limit throws <see cref="LmStudioProtocolException"/>, and the socket is of no use afterwards.
    /// </summary>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        buffer.Clear();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.GetMemory(ReadBytes), cancellationToken).ConfigureAwait(false);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            buffer.Advance(part.Count);
            if (buffer.Length > maxFrameBytes)
                throw new LmStudioProtocolException($"LM Studio sent a frame larger than the limit of {maxFrameBytes} bytes.");
            if (part.EndOfMessage) return new Frame(buffer.Written, part.MessageType == WebSocketMessageType.Text);
        }
    }

    public void Dispose() => buffer.Dispose();
}

/// <summary>The bytes of one frame.</summary>
internal readonly record struct Frame(ReadOnlyMemory<byte> Bytes, bool IsText);
