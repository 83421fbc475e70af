using System.Buffers;
using System.Globalization;

namespace LmGateway.Security;

/// <summary>A host with an optional port, as it stands in a <c>Host</c> header, in an origin and in settings.</summary>
internal readonly ref struct Authority
{
    private static readonly SearchValues<char> DigitsAndDots = SearchValues.Create("0123456789.");

    /// <summary>Without brackets and without the dot that ends a fully qualified name.</summary>
    public required ReadOnlySpan<char> Host { get; init; }

    public int? Port { get; init; }

    /// <summary>
    /// <c>localhost</c> and everything below it, <c>127.0.0.0/8</c> and <c>::1</c>: names that no foreign page can point
    /// elsewhere, so that they are safe from DNS rebinding.
    /// </summary>
    public bool IsLoopback =>
        Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || Host is "::1"
        || (Host.StartsWith("127.") && !Host.ContainsAnyExcept(DigitsAndDots));

    /// <summary>Reads <c>name</c>, <c>name:port</c>, <c>[::1]:port</c> and, as settings have it, a bare <c>::1</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Authority authority)
    {
        authority = default;
        if (!TrySplit(text, out var host, out var port)) return false;
        if (host.EndsWith('.')) host = host[..^1];
        if (host.IsEmpty) return false;
        var number = 0;
        if (!port.IsEmpty && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number > 65535)) return false;
        authority = new Authority { Host = host, Port = port.IsEmpty ? null : number };
        return true;
    }

    private static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> host, out ReadOnlySpan<char> port)
    {
        host = text;
        port = [];
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']');
            if (end < 0) return false;
            host = text[1..end];
            var rest = text[(end + 1)..];
            if (rest.IsEmpty) return true;
            port = rest[1..];
            return rest[0] == ':';
        }

        var colon = text.IndexOf(':');
        if (colon < 0 || text[(colon + 1)..].Contains(':')) return true;
        host = text[..colon];
        port = text[(colon + 1)..];
        return true;
    }
}
