using System.Buffers;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>One server-sent event that carries data.</summary>
internal readonly struct SseEvent
{
    /// <summary>Where the event begins in <see cref="SseSplitter.Window"/>.</summary>
    public required int Start { get; init; }

    /// <summary>With the blank line that ends it.</summary>
    public required int Length { get; init; }

    /// <summary>The data lines, joined by line feeds. Valid until the next event is asked for.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The value of its <c>event:</c> line; empty without one.</summary>
    public ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>Its bytes are exactly <c>data: </c>, one line and two line feeds.</summary>
    public bool Plain { get; init; }
}

/// <summary>
/// Cuts a stream of bytes into server-sent events, wherever the reads end: inside a line break, a character or a name. Comments,
/// <c>id:</c>, <c>retry:</c> and events without data are left out. Use: <see cref="Feed"/> a block, take events until there is
/// none, then <see cref="Keep"/> while the block's memory is still valid; at the end <see cref="TryLast"/>.
/// </summary>
internal sealed class SseSplitter(ArrayPool<byte> pool, int longestEvent) : IDisposable
{
    private readonly PooledBuffer carry = new(pool);
    private readonly PooledBuffer joined = new(pool);
    private bool begun;
    private int start;
    private int line;
    private int scan;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The bytes in which the events of this block lie: the block itself where it began with an event.</summary>
    public ReadOnlyMemory<byte> Window { get; private set; }

    public void Feed(ReadOnlyMemory<byte> block)
    {
        if (carry.Length == 0)
        {
            Window = block;
            return;
        }

        carry.Write(block.Span);
        Window = carry.Written;
    }

    /// <summary>The next event that is whole.</summary>
    public bool TryNext(out SseEvent found)
    {
        found = default;
        if (!SkipMark()) return false;
        var bytes = Window.Span;
        while (true)
        {
            var at = bytes[scan..].IndexOfAny((byte)'\r', (byte)'\n');
            if (at < 0)
            {
                scan = bytes.Length;
                return false;
            }

            at += scan;
            var next = at + 1;
            var blank = at == line;
            if (bytes[at] == '\r')
            {
                if (next < bytes.Length)
                {
                    next += bytes[next] == '\n' ? 1 : 0;
                }
                else if (!blank)
                {
                    // Its line feed may be still to come. After a blank line it would only be one more blank line.
                    scan = at;
                    return false;
                }
            }

            line = scan = next;
            if (!blank) continue;
            var (first, length) = (start, next - start);
            start = next;
            if (TryRead(first, length, out found)) return true;
        }
    }

    /// <summary>Holds on to an event that is not whole yet. <see cref="ErrorCode.BackendFault"/> where it grows past all reason.</summary>
    public void Keep()
    {
        var rest = Window[start..];
        if (rest.Length > longestEvent)
            throw new GatewayException(ErrorCode.BackendFault, $"The backend sent an event of more than {longestEvent} bytes.");
        if (carry.Length > 0) carry.RemoveFirst(start);
        else if (!rest.IsEmpty) carry.Write(rest.Span);
        line -= start;
        scan -= start;
        start = 0;
        Window = carry.Written;
    }

    /// <summary>What the stream ended with, if its last blank line is missing.</summary>
    public bool TryLast(out SseEvent found)
    {
        var first = start;
        start = line = scan = Window.Length;
        return TryRead(first, Window.Length - first, out found);
    }

    public void Dispose()
    {
        carry.Dispose();
        joined.Dispose();
    }

    /// <summary>False while it cannot be told yet whether the stream begins with a byte order mark.</summary>
    private bool SkipMark()
    {
        if (begun) return true;
        var bytes = Window.Span;
        if (bytes.Length < ByteOrderMark.Length && ByteOrderMark.StartsWith(bytes)) return false;
        begun = true;
        if (bytes.StartsWith(ByteOrderMark)) start = line = scan = ByteOrderMark.Length;
        return true;
    }

    private bool TryRead(int first, int length, out SseEvent found)
    {
        var whole = Window.Slice(first, length);
        var bytes = whole.Span;
        if (bytes.StartsWith("data: "u8) && bytes.EndsWith("\n\n"u8) && bytes[..^2].IndexOfAny((byte)'\r', (byte)'\n') < 0)
        {
            found = new SseEvent { Start = first, Length = length, Data = whole[6..^2], Plain = true };
            return true;
        }

        return TryReadLines(whole, first, out found);
    }

    private bool TryReadLines(ReadOnlyMemory<byte> whole, int first, out SseEvent found)
    {
        ReadOnlyMemory<byte> data = default, name = default;
        var dataLines = 0;
        for (var rest = whole; !rest.IsEmpty;)
        {
            var end = rest.Span.IndexOfAny((byte)'\r', (byte)'\n');
            var text = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            var colon = text.Span.IndexOf((byte)':');
            var field = colon < 0 ? text : text[..colon];
            var value = colon < 0 ? default : text[(colon + 1)..];
            if (!value.IsEmpty && value.Span[0] == ' ') value = value[1..];
            if (field.Span.SequenceEqual("event"u8)) name = value;
            if (!field.Span.SequenceEqual("data"u8)) continue;
            data = ++dataLines == 1 ? value : Join(data, value, dataLines);
        }

        found = new SseEvent { Start = first, Length = whole.Length, Data = data, Name = name };
        return dataLines > 0;
    }

    private ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> value, int dataLines)
    {
        if (dataLines == 2)
        {
            joined.Clear();
            joined.Write(before.Span);
        }

        joined.Write("\n"u8);
        joined.Write(value.Span);
        return joined.Written;
    }
}
