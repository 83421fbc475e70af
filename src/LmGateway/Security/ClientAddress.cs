using System.Net;
using Microsoft.Extensions.Primitives;

namespace LmGateway.Security;

/// <summary>
/// Finds out who calls. <c>X-Forwarded-For</c> is read only where a trusted proxy wrote it: from the right, one hop for each
/// trusted address, up to the first address that nobody vouches for.
/// </summary>
internal sealed class ClientAddress(NetworkSet trustedProxies)
{
    /// <summary>
    /// The caller's address, IPv4 never in its IPv6-mapped form. A Unix socket has no address and counts as loopback. An entry
    /// that is no address ends the walk at the proxy that wrote it.
    /// </summary>
    public IPAddress Of(IPAddress? connection, StringValues forwardedFor)
    {
        var address = Normal(connection ?? IPAddress.Loopback);
        var hops = forwardedFor.ToString().AsSpan();
        while (!hops.IsEmpty && trustedProxies.Contains(address))
        {
            var comma = hops.LastIndexOf(',');
            if (!TryParseHop(hops[(comma + 1)..].Trim(), out var hop)) break;
            address = Normal(hop);
            hops = comma < 0 ? [] : hops[..comma];
        }

        return address;
    }

    private static IPAddress Normal(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>Some proxies add the port: <c>203.0.113.7:51000</c>, <c>[2001:db8::1]:51000</c>.</summary>
    private static bool TryParseHop(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        return Authority.TryParse(text, out var hop) && IPAddress.TryParse(hop.Host, out address!);
    }
}
