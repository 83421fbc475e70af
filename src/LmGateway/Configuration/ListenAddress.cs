using System.Globalization;
using System.Net;

namespace LmGateway.Configuration;

/// <summary>One address to bind. The host is an IP address without brackets, <c>localhost</c>, or <c>*</c> for every interface.</summary>
internal readonly record struct ListenAddress(string Host, int Port)
{
    private const string Scheme = "http://";

    /// <summary>The IP address to bind; null for localhost (both loopback addresses) and for every interface.</summary>
    public IPAddress? Address => IPAddress.TryParse(Host, out var address) ? address : null;

    public bool IsEveryInterface => Host == "*" || Address is { } address && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Only programs on this machine reach it.</summary>
    public bool IsLoopback => Host == "localhost" || Address is { } address && AddressRange.IsLoopback(address);

    /// <summary>Reads a host by itself; <c>+</c> means <c>*</c>, brackets are taken off. Null where it is none.</summary>
    public static string? ParseHost(string text)
    {
        if (text is "*" or "+") return "*";
        if (text.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return "localhost";
        if (text is ['[', .. var inner, ']'] && inner.Contains(':')) text = inner;
        return AddressRange.ParseAddress(text)?.ToString();
    }

    /// <summary>Reads <c>http://host:port</c>, where host is anything that <see cref="ParseHost"/> takes.</summary>
    public static bool TryParse(string url, out ListenAddress address)
    {
        address = default;
        if (!url.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var authority = url[Scheme.Length..].TrimEnd('/');
        var colon = authority.LastIndexOf(':');
        if (colon <= 0 || authority[..colon].Contains(':') && authority[0] != '[') return false;
        if (ParseHost(authority[..colon]) is not { } host) return false;
        if (!int.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65535) return false;
        address = new ListenAddress(host, port);
        return true;
    }

    /// <exception cref="FormatException">The text was not checked by <see cref="TryParse"/> before.</exception>
    public static ListenAddress Parse(string url) =>
        TryParse(url, out var address) ? address : throw new FormatException($"'{url}' is not an address to bind.");

    public override string ToString() => Host.Contains(':') ? $"{Scheme}[{Host}]:{Port}" : $"{Scheme}{Host}:{Port}";
}
