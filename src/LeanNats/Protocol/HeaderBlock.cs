using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace LeanNats.Protocol;

/// <summary>The header block of a message: <c>NATS/1.0[ code[ words]]</c>, then lines <c>Name: value</c>, then an empty line.</summary>
internal static class HeaderBlock
{
    private static readonly SearchValues<char> LineBreaks = SearchValues.Create("\r\n\0");

    private static ReadOnlySpan<byte> Version => "NATS/1.0"u8;

    /// <summary>Throws <see cref="ArgumentException"/> for what would break out of its line.</summary>
    public static byte[] Encode(NatsHeaders headers)
    {
        using var buffer = new PooledBuffer();
        buffer.Write(Version);
        buffer.Write("\r\n"u8);
        foreach (var (key, values) in headers)
        {
            CheckKey(key);
            foreach (var value in values)
            {
                if (value.AsSpan().ContainsAny(LineBreaks))
                    throw new ArgumentException($"The value of header '{key}' holds a line break.", nameof(headers));
                buffer.WriteText(key);
                buffer.Write(": "u8);
                buffer.WriteText(value ?? "");
                buffer.Write("\r\n"u8);
            }
        }

        buffer.Write("\r\n"u8);
        return buffer.Written.ToArray();
    }

    /// <summary>Throws <see cref="NatsHeaderParseException"/> for anything that is not a header block.</summary>
    public static NatsHeaders Parse(ReadOnlySpan<byte> block)
    {
        if (!block.StartsWith(Version)) throw new NatsHeaderParseException("The headers do not begin with NATS/1.0.");
        var (code, words) = ParseStatus(NextLine(ref block)[Version.Length..]);
        var headers = new NatsHeaders { Code = code, MessageText = words };
        while (!block.IsEmpty)
        {
            var line = NextLine(ref block);
            if (line.IsEmpty) break;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0) throw new NatsHeaderParseException("A header line has no name.");
            var key = Encoding.UTF8.GetString(line[..colon]);
            var value = Encoding.UTF8.GetString(Trim(line[(colon + 1)..]));
            headers[key] = headers.TryGetValue(key, out var values) ? StringValues.Concat(values, value) : value;
        }

        return headers;
    }

    private static (int Code, string Words) ParseStatus(ReadOnlySpan<byte> status)
    {
        status = Trim(status);
        if (status.IsEmpty) return (0, "");
        if (!Utf8Parser.TryParse(status, out int code, out var used) || code is < 1 or > 999)
            throw new NatsHeaderParseException("The status of the headers is not a number.");
        return (code, Encoding.UTF8.GetString(Trim(status[used..])));
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> block)
    {
        var end = block.IndexOf("\r\n"u8);
        var line = end < 0 ? block : block[..end];
        block = end < 0 ? default : block[(end + 2)..];
        return line;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t"u8);

    private static void CheckKey(string key)
    {
        if (key.Length == 0 || key.AsSpan().ContainsAnyExceptInRange('!', '~') || key.Contains(':'))
            throw new ArgumentException($"'{key}' is not the name of a header.", nameof(key));
    }
}
