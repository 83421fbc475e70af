using System.Buffers;
using System.Buffers.Text;

namespace LeanNats.Protocol;

/// <summary>
/// Reads the frames of a server out of bytes: a line, and behind a MSG or HMSG as many bytes as the line says. Pure: it keeps nothing
/// between calls, and all that it throws is <see cref="NatsProtocolViolationException"/>.
/// </summary>
internal sealed class FrameParser(int maxPayload)
{
    /// <summary>An INFO with very many cluster addresses stays below this.</summary>
    private const int MaxLine = 512 * 1024;

    /// <summary>
    /// Takes one whole frame off the front of <paramref name="buffer"/>. False when the frame is not all there yet; the buffer is
    /// then unchanged.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> buffer, out ServerFrame frame)
    {
        frame = default;
        if (!TryReadLine(buffer, out var line, out var lineLength)) return false;
        var verb = NextToken(ref line);
        if (Is(verb, "MSG"u8)) return TryReadMessage(ref buffer, lineLength, line, false, out frame);
        if (Is(verb, "HMSG"u8)) return TryReadMessage(ref buffer, lineLength, line, true, out frame);
        frame = verb.Length switch
        {
            4 when Is(verb, "PING"u8) => new ServerFrame { Verb = ServerVerb.Ping },
            4 when Is(verb, "PONG"u8) => new ServerFrame { Verb = ServerVerb.Pong },
            4 when Is(verb, "INFO"u8) => new ServerFrame { Verb = ServerVerb.Info, Text = Trim(line) },
            4 when Is(verb, "-ERR"u8) => new ServerFrame { Verb = ServerVerb.Error, Text = Trim(line).Trim((byte)'\'') },
            3 when Is(verb, "+OK"u8) => new ServerFrame { Verb = ServerVerb.Ok },
            _ => throw new NatsProtocolViolationException("The server sent a line that is not NATS."),
        };
        buffer = buffer.Slice(lineLength);
        return true;
    }

    private bool TryReadMessage(
        ref ReadOnlySequence<byte> buffer, int lineLength, ReadOnlySpan<byte> line, bool hasHeaders, out ServerFrame frame)
    {
        frame = default;
        var subject = NextToken(ref line);
        var sid = ReadNumber(NextToken(ref line), long.MaxValue);
        var third = NextToken(ref line);
        var fourth = NextToken(ref line);
        var fifth = hasHeaders ? NextToken(ref line) : default;
        // The reply subject is there or not: the number of tokens tells.
        var hasReply = !(hasHeaders ? fifth : fourth).IsEmpty;
        var replyTo = hasReply ? third : default;
        var headerLength = hasHeaders ? (int)ReadNumber(hasReply ? fourth : third, maxPayload) : 0;
        var total = (int)ReadNumber(hasHeaders ? (hasReply ? fifth : fourth) : (hasReply ? fourth : third), maxPayload);
        if (headerLength > total || !Trim(line).IsEmpty)
            throw new NatsProtocolViolationException("The server sent a message line that does not add up.");

        if (buffer.Length < lineLength + (long)total + 2) return false;
        var end = buffer.Slice(lineLength + (long)total, 2);
        if (!IsLineEnd(end)) throw new NatsProtocolViolationException("A message is not followed by the end of its line.");
        frame = new ServerFrame
        {
            Verb = ServerVerb.Msg,
            Subject = subject,
            ReplyTo = replyTo,
            Sid = sid,
            HeaderLength = headerLength,
            Payload = buffer.Slice(lineLength, total),
        };
        buffer = buffer.Slice(end.End);
        return true;
    }

    private static bool TryReadLine(in ReadOnlySequence<byte> buffer, out ReadOnlySpan<byte> line, out int length)
    {
        line = buffer.FirstSpan;
        var end = line.IndexOf((byte)'\n');
        if (end >= 0)
        {
            length = end + 1;
        }
        else if (buffer.IsSingleSegment || buffer.PositionOf((byte)'\n') is not { } position)
        {
            if (buffer.Length > MaxLine) throw TooLong();
            length = 0;
            return false;
        }
        else
        {
            var whole = buffer.Slice(0, position);
            if (whole.Length > MaxLine) throw TooLong();
            line = whole.ToArray();
            end = line.Length;
            length = end + 1;
        }

        line = line[..end];
        if (line is [.., (byte)'\r']) line = line[..^1];
        return true;
    }

    private static NatsProtocolViolationException TooLong() => new($"The server sent a line of more than {MaxLine} bytes.");

    private static bool IsLineEnd(in ReadOnlySequence<byte> end)
    {
        Span<byte> bytes = stackalloc byte[2];
        end.CopyTo(bytes);
        return bytes is [(byte)'\r', (byte)'\n'];
    }

    /// <summary>Servers separate tokens by one blank or several.</summary>
    private static ReadOnlySpan<byte> NextToken(scoped ref ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        var end = line.IndexOfAny((byte)' ', (byte)'\t');
        var token = end < 0 ? line : line[..end];
        line = line[token.Length..];
        return token;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);

    private static bool Is(ReadOnlySpan<byte> token, ReadOnlySpan<byte> verb) =>
        token.SequenceEqual(verb) || System.Text.Ascii.EqualsIgnoreCase(token, verb);

    private static long ReadNumber(ReadOnlySpan<byte> token, long max)
    {
        if (!token.IsEmpty && token[0] is >= (byte)'0' and <= (byte)'9'
            && Utf8Parser.TryParse(token, out long number, out var used) && used == token.Length && number <= max)
            return number;
        throw new NatsProtocolViolationException("The server sent a message line with a number that is none or too large.");
    }
}
