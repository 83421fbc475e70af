using System.Net.Http;

namespace LmGateway.Backends.Wire;

/// <summary>Takes the framing out of a chunked body, wherever the reads end. Extensions and trailers are passed over (RFC 9112, section 7.1).</summary>
internal sealed class ChunkedBody
{
    private const int MostFraming = 16 * 1024;
    private const long LargestChunk = long.MaxValue >> 8;

    private State state = State.Size;
    private long left;
    private int digits;
    private int framing;

    private enum State
    {
        Size,
        Extension,
        Data,
        DataEnd,
        TrailerStart,
        Trailer,
        Ended,
    }

    /// <summary>The last chunk and the trailers have been read; what follows belongs to nobody.</summary>
    public bool Ended => state == State.Ended;

    /// <summary>
    /// Moves the content to the front of the bytes that were received and tells how many there are, and how many of the received ones were used up:
    /// all of them, until the body has ended. Throws where they are no chunks.
    /// </summary>
    public int Decode(Span<byte> received, out int used)
    {
        var (content, at) = (0, 0);
        while (at < received.Length && state != State.Ended)
        {
            if (state != State.Data)
            {
                Step(received[at++]);
                continue;
            }

            var piece = (int)Math.Min(left, received.Length - at);
            received.Slice(at, piece).CopyTo(received[content..]);
            content += piece;
            at += piece;
            left -= piece;
            if (left == 0) state = State.DataEnd;
        }

        used = at;
        return content;
    }

    private void Step(byte letter)
    {
        if (++framing > MostFraming) throw Invalid("too long a line");
        switch (state)
        {
            case State.Size:
                ReadSize(letter);
                break;
            case State.Extension:
                if (letter == '\n') EndSize();
                break;
            case State.DataEnd:
                if (letter == '\n') (state, digits, framing) = (State.Size, 0, 0);
                else if (letter != '\r') throw Invalid("more than its size says");
                break;
            case State.TrailerStart:
                if (letter == '\n') state = State.Ended;
                else if (letter != '\r') state = State.Trailer;
                break;
            case State.Trailer:
                if (letter == '\n') state = State.TrailerStart;
                break;
        }
    }

    private void ReadSize(byte letter)
    {
        if (char.IsAsciiHexDigit((char)letter))
        {
            if (left > LargestChunk >> 4) throw Invalid("too large");
            left = (left << 4) + (letter <= '9' ? letter - '0' : (letter | 0x20) - 'a' + 10);
            digits++;
            return;
        }

        if (digits == 0) throw Invalid("without a size");
        if (letter == '\n') EndSize();
        else if (letter is (byte)'\r' or (byte)';' or (byte)' ' or (byte)'\t') state = State.Extension;
        else throw Invalid("without a size");
    }

    private void EndSize() => (state, framing) = (left == 0 ? State.TrailerStart : State.Data, 0);

    private static HttpIOException Invalid(string what) => new(HttpRequestError.InvalidResponse, $"A chunk is {what}.");
}
