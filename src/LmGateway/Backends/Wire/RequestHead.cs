using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using LmGateway.Vocabulary;

namespace LmGateway.Backends.Wire;

/// <summary>Writes the heads of requests to one server. What is the same in all of them is made once.</summary>
internal sealed class RequestHead
{
    private const int MostTargets = 64;

    private readonly ConcurrentDictionary<string, byte[]> targets = new(StringComparer.Ordinal);
    private readonly string root;
    private readonly byte[] host;
    private readonly byte[] credential;
    private readonly byte[] own;

    public RequestHead(UpstreamSettings settings)
    {
        root = settings.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        host = Encoding.ASCII.GetBytes($" HTTP/1.1\r\nHost: {(settings.Address.HostNameType == UriHostNameType.IPv6 ? settings.Address.Authority : settings.Address.IdnHost + (settings.Address.IsDefaultPort ? "" : ":" + settings.Address.Port.ToString(CultureInfo.InvariantCulture)))}\r\n");
        credential = settings.Token is { } token ? Line(new Header("Authorization", "Bearer " + token)) : [];
        own = [.. settings.Headers.SelectMany(Line)];
    }

    public void Write(Exchange exchange, bool closes, IBufferWriter<byte> writer)
    {
        Encoding.ASCII.GetBytes(exchange.Method, writer);
        writer.Write(" "u8);
        writer.Write(Target(exchange.PathAndQuery));
        writer.Write(host);
        var authorized = false;
        for (var index = 0; index < exchange.Headers.Count; index++)
        {
            var header = exchange.Headers[index];
            authorized |= header.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase);
            Write(header, writer);
        }

        writer.Write(own);
        if (!authorized) writer.Write(credential);
        if (closes) writer.Write("Connection: close\r\n"u8);
        if (!exchange.Body.IsEmpty && exchange.ContentType is { } type) Write(new Header("Content-Type", type), writer);
        if (!exchange.Body.IsEmpty || exchange.Method is "POST" or "PUT" or "PATCH") WriteLength(exchange.Body.Length, writer);
        writer.Write("\r\n"u8);
    }

    private static void WriteLength(long length, IBufferWriter<byte> writer)
    {
        writer.Write("Content-Length: "u8);
        var digits = writer.GetSpan(20);
        length.TryFormat(digits, out var written, default, CultureInfo.InvariantCulture);
        writer.Advance(written);
        writer.Write("\r\n"u8);
    }

    /// <summary>A header that would break out of its line is left out.</summary>
    private static void Write(Header header, IBufferWriter<byte> writer)
    {
        if (header.Value.AsSpan().ContainsAny('\r', '\n', '\0') || header.Name.AsSpan().ContainsAny("\r\n\0: ")) return;
        Encoding.ASCII.GetBytes(header.Name, writer);
        writer.Write(": "u8);
        Encoding.UTF8.GetBytes(header.Value, writer);
        writer.Write("\r\n"u8);
    }

    private static byte[] Line(Header header)
    {
        var line = new ArrayBufferWriter<byte>();
        Write(header, line);
        return line.WrittenSpan.ToArray();
    }

    /// <summary>Requests go to few paths, which are escaped as addresses are; that is done once for each.</summary>
    private byte[] Target(string pathAndQuery)
    {
        if (targets.TryGetValue(pathAndQuery, out var known)) return known;
        var target = Encoding.ASCII.GetBytes(new Uri(root + pathAndQuery).PathAndQuery);
        if (targets.Count < MostTargets) targets.TryAdd(pathAndQuery, target);
        return target;
    }
}
