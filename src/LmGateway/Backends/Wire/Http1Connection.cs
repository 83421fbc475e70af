using System.Buffers;
using System.Net.Http;
using System.Net.Sockets;

namespace LmGateway.Backends.Wire;

/// <summary>
/// A connection to a server, which carries one exchange at a time. The head of a reply stays where it was received until the next exchange; the body is
/// received behind it. Whoever gives an exchange up aborts the connection, from any thread.
/// </summary>
internal sealed class Http1Connection(Socket socket) : IDisposable
{
    private const int FirstRoom = 4 * 1024;
    private const int LargestRoom = 16 * 1024;

    private byte[] buffer = GC.AllocateUninitializedArray<byte>(FirstRoom);
    private ChunkedBody? chunks;
    private long left;
    private int headLength;
    private int start;
    private int end;
    private int aborted;
    private bool isUsed;

    /// <summary>A timestamp after which it is not used again; of no meaning while it is in use.</summary>
    public long IdleUntil { get; set; }

    public ReplyHead Head { get; private set; } = null!;

    public ReadOnlySpan<byte> HeadBytes => buffer.AsSpan(0, headLength);

    /// <summary>The reply was read to its end.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Nothing is left of the last exchange, and the server keeps the connection.</summary>
    public bool IsReusable => IsAtEnd && start == end && Head.KeepsConnection && Volatile.Read(ref aborted) == 0;

    /// <summary>
    /// Sends a request and returns when the head of its reply is there. False where the server had closed a connection that was used before: another one
    /// may do better. Once the request is on its way that holds for a question alone (GET, HEAD), because work may have begun.
    /// </summary>
    /// <param name="first">The head, and as much of the body as goes out with it.</param>
    /// <param name="rest">The rest of the body.</param>
    /// <param name="method">What is asked.</param>
    public async ValueTask<bool> ExchangeAsync(ReadOnlyMemory<byte> first, ReadOnlySequence<byte> rest, string method)
    {
        (start, end, headLength, IsAtEnd) = (0, 0, 0, false);
        var reply = socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
        // What can be read already was said without being asked, or is the end of a connection that lay idle.
        if (reply.IsCompleted) return isUsed ? false : throw await EndedAsync(reply);
        var mayAskAgain = isUsed && method is "GET" or "HEAD";
        isUsed = true;
        try
        {
            await SendAsync(first);
            foreach (var piece in rest) await SendAsync(piece);
        }
        catch (SocketException) when (Volatile.Read(ref aborted) == 0)
        {
            // It may have answered before it had read everything, and hung up; what it said is worth more than that it did.
        }

        end = await reply;
        if (end == 0) return mayAskAgain ? false : throw Ended();
        await ReadHeadAsync(hasBody: method != "HEAD");
        return true;
    }

    /// <summary>The next piece of the body, valid until the next one is asked for; empty at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync()
    {
        while (!IsAtEnd)
        {
            if (start < end && Take() is { IsEmpty: false } piece) return piece;
            if (IsAtEnd) break;
            MakeRoom();
            if (await ReceiveAsync() > 0) continue;
            if (Head.End != BodyEnd.WithConnection) throw Ended();
            IsAtEnd = true;
        }

        return default;
    }

    /// <summary>Ends whatever is under way; it fails there.</summary>
    public void Abort()
    {
        Volatile.Write(ref aborted, 1);
        socket.Dispose();
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync()
    {
        var received = await socket.ReceiveAsync(buffer.AsMemory(end), SocketFlags.None);
        end += received;
        return received;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }

    private async ValueTask ReadHeadAsync(bool hasBody)
    {
        var searched = 0;
        while (true)
        {
            while (ReplyHead.EndOf(buffer.AsSpan(start, end - start), searched) is var length and not 0)
            {
                Head = ReplyHead.Read(buffer.AsSpan(start, length), hasBody);
                start += length;
                searched = 0;
                if (Head.IsInterim && start <= ReplyHead.Largest) continue;
                if (Head.IsInterim) throw new HttpIOException(HttpRequestError.ConfigurationLimitExceeded, "There is no end to its interim replies.");
                BeginBody(length);
                return;
            }

            searched = end - start;
            if (end == buffer.Length) Grow(2 * buffer.Length);
            if (await ReceiveAsync() == 0) throw Ended();
        }
    }

    /// <summary>The head moves to the front, where it stays.</summary>
    private void BeginBody(int length)
    {
        if (Head.Status == 101) throw new HttpIOException(HttpRequestError.InvalidResponse, "It changes the protocol.");
        headLength = length;
        if (start != length)
        {
            buffer.AsSpan(start - length, end - start + length).CopyTo(buffer);
            (start, end) = (length, end - start + length);
        }

        chunks = Head.End == BodyEnd.InChunks ? new ChunkedBody() : null;
        left = Head.End == BodyEnd.AfterLength ? Head.Length : long.MaxValue;
        IsAtEnd = Head.End == BodyEnd.AtOnce;
    }

    /// <summary>Everything of the body that has been received; empty where that was framing alone.</summary>
    private ReadOnlyMemory<byte> Take()
    {
        var (from, used) = (start, end - start);
        var content = used;
        if (chunks is not null) content = chunks.Decode(buffer.AsSpan(start, used), out used);
        else content = used = (int)Math.Min(used, left);
        start += used;
        left -= content;
        IsAtEnd = left == 0 || chunks is { Ended: true };
        return buffer.AsMemory(from, content);
    }

    /// <summary>What was handed out is used up. A server that fills what there is gets more, so that a long reply takes few calls.</summary>
    private void MakeRoom()
    {
        if (end == buffer.Length && buffer.Length < headLength + LargestRoom) Grow(headLength + LargestRoom);
        (start, end) = (headLength, headLength);
    }

    private void Grow(int size) => Array.Resize(ref buffer, size);

    private static async ValueTask<Exception> EndedAsync(ValueTask<int> reply) =>
        await reply == 0 ? Ended() : new HttpIOException(HttpRequestError.InvalidResponse, "The server spoke first.");

    private static HttpIOException Ended() => new(HttpRequestError.ResponseEnded, "The server closed the connection.");
}
