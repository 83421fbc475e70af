using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LmGateway.Configuration;

/// <summary>IP addresses and networks as people write them in lists of who may call.</summary>
internal static class AddressRange
{
    public const string Everyone = "*";

    /// <summary>An address, or a network whose host bits are cleared (<c>192.168.1.7/24</c> is <c>192.168.1.0/24</c>). Null where it is neither.</summary>
    public static string? Canonical(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return ParseAddress(text)?.ToString();
        if (ParseAddress(text[..slash]) is not { } address) return null;
        var bytes = address.GetAddressBytes();
        if (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > bytes.Length * 8) return null;
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(bits - i * 8, 0, 8));
        return $"{new IPAddress(bytes)}/{bits}";
    }

    /// <summary>Whether the entry lets every address in, written as <c>*</c> or as a network of no bits.</summary>
    public static bool IsEveryone(string entry) => entry == Everyone || entry.EndsWith("/0", StringComparison.Ordinal);

    /// <summary>An IP address in full: the short forms of IPv4 (<c>1</c>, <c>127.1</c>) are more often mistakes than meant.</summary>
    public static IPAddress? ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address) && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text)
            ? address
            : null;

    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    /// <summary>Loopback, link-local, or of a network that the public Internet does not route.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal) return true;
        return address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is
            [10, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..] or [169, 254, ..] or [100, >= 64 and <= 127, ..] or [0, 0, 0, 0];
    }
}
