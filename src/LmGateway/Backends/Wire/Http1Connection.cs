using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace LmGateway.Backends.Wire;

/// <summary>
/// A connection to a server, which carries one exchange at a time. The head of a reply stays where it was received until the next exchange; the body is
/// received behind it. Whoever gives an exchange up aborts the connection, from any thread. What waits here is the socket alone, so that whoever uses it
/// needs no more than one asynchronous method.
/// </summary>
internal sealed class Http1Connection : IDisposable
{
    private const int FirstRoom = 4 * 1024;
    private const int LargestRoom = 16 * 1024;

    /// <summary>A body up to this size goes out in one piece with the head.</summary>
    private const int SentAtOnce = 16 * 1024;

    private readonly EndPoint server;
    private readonly Socket socket;
    private byte[] buffer = GC.AllocateUninitializedArray<byte>(FirstRoom);
    private ChunkedBody? chunks;
    private ReadOnlyMemory<byte> untaken;
    private long left;
    private int headLength;
    private int start;
    private int end;
    private int aborted;
    private bool isUsed;
    private bool isQuestion;
    private bool hasBody;

    public Http1Connection(EndPoint server, TimeProvider time)
    {
        (this.server, socket) = (server, NewSocket(server));
        Clock = new ReplyClock(time, Abort);
    }

    /// <summary>What ends an exchange that takes too long.</summary>
    public ReplyClock Clock { get; }

    /// <summary>A timestamp after which it is not used again; of no meaning while it is in use.</summary>
    public long IdleUntil { get; set; }

    public bool IsConnected { get; private set; }

    /// <summary>Where the head of the next request is written.</summary>
    public ArrayBufferWriter<byte> Outgoing { get; } = new(FirstRoom);

    public ReplyHead Head { get; private set; } = null!;

    public ReadOnlySpan<byte> HeadBytes => buffer.AsSpan(0, headLength);

    /// <summary>The reply was read to its end.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>Nothing is left of the last exchange, and the server keeps the connection.</summary>
    public bool IsReusable => IsAtEnd && start == end && Head.KeepsConnection && Volatile.Read(ref aborted) == 0;

    /// <summary>Throws <see cref="OperationCanceledException"/> past the limit.</summary>
    public async ValueTask ConnectAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource();
        late.CancelAfter(limit);
        try
        {
            await socket.ConnectAsync(server, late.Token);
            IsConnected = true;
        }
        catch (SocketException refused) when (Volatile.Read(ref aborted) == 0)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, refused.Message, refused);
        }
    }

    /// <summary>
    /// Begins to wait for a reply before anything is asked: what can be read already was said without being asked, or is the end of a connection that lay
    /// idle. False then, where another connection may do better.
    /// </summary>
    /// <param name="method">What will be asked.</param>
    /// <param name="reply">Its first bytes; none where the server closes the connection instead.</param>
    public bool TryListen(string method, out ValueTask<int> reply)
    {
        (start, end, headLength, IsAtEnd, untaken) = (0, 0, 0, false, default);
        reply = socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None);
        if (reply.IsCompleted) return isUsed ? false : throw (reply.Result == 0 ? Ended() : new HttpIOException(HttpRequestError.InvalidResponse, "The server spoke first."));
        (hasBody, isQuestion) = (method != "HEAD", isUsed && method is "GET" or "HEAD");
        isUsed = true;
        Outgoing.ResetWrittenCount();
        return true;
    }

    /// <summary>Sends the head that was written, and a body.</summary>
    public ValueTask SendAsync(in ReadOnlySequence<byte> body)
    {
        var rest = body;
        if (rest.Length <= SentAtOnce)
        {
            foreach (var piece in rest) Outgoing.Write(piece.Span);
            rest = default;
        }

        var sending = socket.SendAsync(Outgoing.WrittenMemory, SocketFlags.None);
        if (!sending.IsCompletedSuccessfully) return SendRestAsync(sending, rest);
        var sent = sending.Result;
        return sent == Outgoing.WrittenCount && rest.IsEmpty ? ValueTask.CompletedTask : SendRestAsync(new ValueTask<int>(sent), rest);
    }

    /// <summary>The server closed the connection instead of answering. Throws, unless a question (GET, HEAD) may be asked again, because no work can have begun.</summary>
    public void DemandAnother()
    {
        if (!isQuestion) throw Ended();
    }

    /// <summary>Reads the head of the reply in what was received first; false where it is not whole yet.</summary>
    public bool TryReadHead(int received)
    {
        end = received;
        return TryReadHead(searched: 0, out _);
    }

    /// <summary>Receives the rest of a head.</summary>
    public async ValueTask ReceiveHeadAsync()
    {
        var searched = 0;
        while (!TryReadHead(searched, out searched))
        {
            if (end == buffer.Length) Grow(2 * buffer.Length);
            var received = await socket.ReceiveAsync(buffer.AsMemory(end), SocketFlags.None);
            if (received == 0) throw Ended();
            end += received;
        }
    }

    /// <summary>The next piece of the body, valid until the next one is received; an empty one at its end. False where it has to be received first.</summary>
    public bool TryTake(out ReadOnlyMemory<byte> piece)
    {
        (piece, untaken) = (untaken, default);
        if (!piece.IsEmpty) return true;
        if (!IsAtEnd && start < end) piece = Take();
        return IsAtEnd || !piece.IsEmpty;
    }

    /// <summary>The whole body, where all of it has been received already.</summary>
    public bool TryTakeWhole(out ReadOnlyMemory<byte> body)
    {
        if (TryTake(out body) && IsAtEnd) return true;
        (untaken, body) = (body, default);
        return false;
    }

    /// <summary>Receives more of the body, over what was handed out before; to be told to <see cref="NoteReceived"/>.</summary>
    public ValueTask<int> ReceiveAsync()
    {
        // A server that fills what there is gets more, so that a long reply takes few calls.
        if (end == buffer.Length && buffer.Length < headLength + LargestRoom) Grow(headLength + LargestRoom);
        (start, end) = (headLength, headLength);
        return socket.ReceiveAsync(buffer.AsMemory(end), SocketFlags.None);
    }

    /// <summary>So much was received; nothing at the end of the connection, which is the end of some bodies.</summary>
    public void NoteReceived(int count)
    {
        end += count;
        if (count > 0) return;
        if (Head.End != BodyEnd.WithConnection) throw Ended();
        IsAtEnd = true;
    }

    /// <summary>Ends whatever is under way; it fails there.</summary>
    public void Abort()
    {
        Volatile.Write(ref aborted, 1);
        socket.Dispose();
    }

    public void Dispose()
    {
        Clock.End();
        Clock.Dispose();
        socket.Dispose();
    }

    /// <summary>A name may have addresses of both kinds. Nothing waits for more to send: a head and the rest of its body go out at once.</summary>
    internal static Socket NewSocket(EndPoint server) =>
        server is IPEndPoint known ? new Socket(known.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true } : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private async ValueTask SendRestAsync(ValueTask<int> sending, ReadOnlySequence<byte> rest)
    {
        try
        {
            await SendAsync(Outgoing.WrittenMemory[await sending..]);
            foreach (var piece in rest) await SendAsync(piece);
        }
        catch (SocketException) when (Volatile.Read(ref aborted) == 0)
        {
            // It may have answered before it had read everything, and hung up; what it said is worth more than that it did.
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
    }

    private bool TryReadHead(int searched, out int searchedNow)
    {
        while (ReplyHead.EndOf(buffer.AsSpan(start, end - start), searched) is var length and not 0)
        {
            Head = ReplyHead.Read(buffer.AsSpan(start, length), hasBody);
            start += length;
            searched = 0;
            if (Head.IsInterim && start <= ReplyHead.Largest) continue;
            if (Head.IsInterim) throw new HttpIOException(HttpRequestError.ConfigurationLimitExceeded, "There is no end to its interim replies.");
            BeginBody(length);
            searchedNow = 0;
            return true;
        }

        searchedNow = end - start;
        return false;
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

    private void Grow(int size) => Array.Resize(ref buffer, size);

    private static HttpIOException Ended() => new(HttpRequestError.ResponseEnded, "The server closed the connection.");
}
