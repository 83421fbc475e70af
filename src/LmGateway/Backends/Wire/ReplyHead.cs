using System.Buffers;
using System.Buffers.Text;
using System.Net.Http;
using System.Text;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>How the end of a reply's body is known.</summary>
internal enum BodyEnd
{
    AtOnce,
    AfterLength,
    InChunks,
    WithConnection,
}

/// <summary>The head of a reply, read once; its headers stay bytes until somebody asks for them (RFC 9112).</summary>
internal sealed class ReplyHead
{
    /// <summary>The largest head that is taken.</summary>
    public const int Largest = 64 * 1024;

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private bool coded;

    private ReplyHead(int status) => Status = status;

    public int Status { get; }

    public string? ContentType { get; private set; }

    public BodyEnd End { get; private set; } = BodyEnd.WithConnection;

    /// <summary>Bytes of the body, where it ends <see cref="BodyEnd.AfterLength"/>.</summary>
    public long Length { get; private set; } = -1;

    /// <summary>The connection may carry another request.</summary>
    public bool KeepsConnection { get; private set; } = true;

    /// <summary>How long the server keeps a connection on which nothing is said; null where it does not tell.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>Another head follows this one.</summary>
    public bool IsInterim => Status is >= 100 and < 200;

    /// <summary>
    /// Where the head ends in what has been received; 0 where its end is still to come. Throws for what cannot become one, so that nobody waits for the rest.
    /// </summary>
    public static int EndOf(ReadOnlySpan<byte> received, int searched)
    {
        var start = "HTTP/1."u8;
        if (!received.StartsWith(start[..Math.Min(start.Length, received.Length)])) throw Invalid("It does not begin as HTTP does.");
        for (var at = Math.Max(0, searched - 2); at < received.Length;)
        {
            var next = received[at..].IndexOf((byte)'\n');
            if (next < 0) break;
            at += next + 1;
            var rest = received[at..];
            if (rest.StartsWith("\n"u8)) return at + 1;
            if (rest.StartsWith("\r\n"u8)) return at + 2;
        }

        return received.Length <= Largest ? 0 : throw new HttpIOException(HttpRequestError.ConfigurationLimitExceeded, $"The head of the reply is larger than {Largest} bytes.");
    }

    /// <summary>Reads a head that is whole.</summary>
    /// <param name="head">With the empty line that ends it.</param>
    /// <param name="hasBody">False for the answer to HEAD.</param>
    public static ReplyHead Read(ReadOnlySpan<byte> head, bool hasBody)
    {
        var lines = new Lines(head);
        lines.MoveNext();
        var read = new ReplyHead(StatusOf(lines.Current)) { KeepsConnection = lines.Current[7] != '0' };
        while (lines.MoveNext()) read.Take(lines.Name, lines.Value);
        if (!hasBody || read.IsInterim || read.Status is 204 or 304) read.End = BodyEnd.AtOnce;
        else if (read.End != BodyEnd.InChunks && read.Length >= 0) read.End = read.Length == 0 ? BodyEnd.AtOnce : BodyEnd.AfterLength;
        if (read.End == BodyEnd.WithConnection) read.KeepsConnection = false;
        return read;
    }

    /// <summary>Every header of the head.</summary>
    public static IReadOnlyList<Header> Headers(ReadOnlySpan<byte> head)
    {
        var headers = new List<Header>();
        var lines = new Lines(head);
        lines.MoveNext();
        while (lines.MoveNext()) headers.Add(new Header(Encoding.ASCII.GetString(lines.Name), Encoding.Latin1.GetString(lines.Value)));
        return headers;
    }

    private static int StatusOf(ReadOnlySpan<byte> line) =>
        line.Length >= 12 && line[8] == ' ' && Utf8Parser.TryParse(line[9..12], out int status, out var read) && read == 3 && status >= 100 && (line.Length == 12 || line[12] == ' ')
            ? status
            : throw Invalid("Its first line is not one of HTTP.");

    private void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 12 when Ascii.EqualsIgnoreCase(name, "Content-Type"u8):
                ContentType ??= TypeOf(value);
                break;
            case 14 when Ascii.EqualsIgnoreCase(name, "Content-Length"u8):
                TakeLength(value);
                break;
            case 17 when Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8):
                // Of several codings the last one is the outermost, and only chunks tell their end.
                (coded, Length) = (true, -1);
                End = Ascii.EqualsIgnoreCase(Last(value), "chunked"u8) ? BodyEnd.InChunks : BodyEnd.WithConnection;
                break;
            case 10 when Ascii.EqualsIgnoreCase(name, "Connection"u8):
                if (Names(value, "close"u8)) KeepsConnection = false;
                else if (Names(value, "keep-alive"u8)) KeepsConnection = true;
                break;
            case 10 when Ascii.EqualsIgnoreCase(name, "Keep-Alive"u8):
                var at = value.IndexOf("timeout="u8);
                if (at >= 0 && Utf8Parser.TryParse(value[(at + 8)..], out int seconds, out _) && seconds >= 0) KeepAliveSeconds = seconds;
                break;
        }
    }

    private void TakeLength(ReadOnlySpan<byte> value)
    {
        if (!Utf8Parser.TryParse(value, out long length, out var read) || read != value.Length || length < 0 || value[0] == '+') throw Invalid("Its length is no number.");
        if (Length >= 0 && Length != length) throw Invalid("It has two lengths.");
        if (!coded) Length = length;
    }

    /// <summary>The types of nearly all replies need no new text.</summary>
    private static string TypeOf(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("application/json"u8) ? "application/json"
        : value.SequenceEqual("application/json; charset=utf-8"u8) ? "application/json; charset=utf-8"
        : value.SequenceEqual("text/event-stream"u8) ? "text/event-stream"
        : Encoding.Latin1.GetString(value);

    private static ReadOnlySpan<byte> Last(ReadOnlySpan<byte> list) => list[(list.LastIndexOf((byte)',') + 1)..].Trim(" \t"u8);

    private static bool Names(ReadOnlySpan<byte> list, ReadOnlySpan<byte> word)
    {
        foreach (var part in list.Split((byte)','))
            if (Ascii.EqualsIgnoreCase(list[part].Trim(" \t"u8), word)) return true;
        return false;
    }

    private static HttpIOException Invalid(string what) => new(HttpRequestError.InvalidResponse, what);

    /// <summary>The lines of a head up to the empty one, each split at its colon.</summary>
    private ref struct Lines(ReadOnlySpan<byte> head)
    {
        private ReadOnlySpan<byte> rest = head;

        public ReadOnlySpan<byte> Current { get; private set; }

        public readonly ReadOnlySpan<byte> Name => Current[..Colon];

        public readonly ReadOnlySpan<byte> Value => Current[(Colon + 1)..].Trim(" \t"u8);

        private readonly int Colon
        {
            get
            {
                var colon = Current.IndexOf((byte)':');
                return colon > 0 && !Current[..colon].ContainsAnyExcept(NameBytes) ? colon : throw Invalid("One of its headers is none.");
            }
        }

        public bool MoveNext()
        {
            var end = rest.IndexOf((byte)'\n');
            if (end < 0) return false;
            Current = rest[..end].TrimEnd((byte)'\r');
            rest = rest[(end + 1)..];
            return !Current.IsEmpty;
        }
    }
}
