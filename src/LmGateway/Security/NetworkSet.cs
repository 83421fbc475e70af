using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LmGateway.Security;

/// <summary>
/// An address list as an operator writes it: addresses, networks (CIDR) or <c>*</c>. The list is literal: loopback belongs to
/// it only where it says so. IPv4 callers are matched by IPv4 entries alone, in whichever form the socket reports them.
/// </summary>
internal sealed class NetworkSet
{
    private readonly bool everyone;
    private readonly Network[] networks;

    private NetworkSet(bool everyone, Network[] networks)
    {
        this.everyone = everyone;
        this.networks = networks;
    }

    /// <summary>Reads a list; each entry that cannot be read adds one line to <paramref name="faults"/>.</summary>
    public static NetworkSet Parse(string setting, IReadOnlyList<string> entries, ICollection<string> faults)
    {
        var read = new List<Network>(entries.Count);
        foreach (var entry in entries.Select(entry => entry.Trim()).Where(entry => entry is not ("" or "*")))
        {
            if (Network.TryParse(entry, out var network)) read.Add(network);
            else faults.Add($"{setting}: '{entry}' is neither an address nor a network; write 192.168.1.5, 192.168.1.0/24, fd00::/8 or *");
        }

        return new NetworkSet(entries.Any(entry => entry.Trim() == "*"), [.. read]);
    }

    public bool Contains(IPAddress address)
    {
        if (everyone) return true;
        if (networks.Length == 0) return false;
        var bits = Bits(address);
        foreach (var network in networks)
            if (network.Contains(bits)) return true;
        return false;
    }

    /// <summary>The 128 bits of an address; an IPv4 address has those of its IPv4-mapped form, so both forms are equal.</summary>
    public static UInt128 Bits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily is AddressFamily.InterNetworkV6)
        {
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }

        address.TryWriteBytes(bytes[12..], out _);
        return MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]);
    }

    private static readonly UInt128 MappedPrefix = (UInt128)0xffff << 32;

    private readonly record struct Network(UInt128 First, UInt128 Mask)
    {
        private static readonly UInt128 MappedMask = UInt128.MaxValue << 32;

        /// <summary>A network wider than IPv4's corner of IPv6 never reaches into that corner: <c>::/0</c> means IPv6.</summary>
        public bool Contains(UInt128 bits) => (bits & Mask) == First && IsV4(bits) == (IsV4(First) && (Mask & MappedMask) == MappedMask);

        public static bool TryParse(ReadOnlySpan<char> text, out Network network)
        {
            network = default;
            var slash = text.IndexOf('/');
            if (!TryParseAddress(slash < 0 ? text : text[..slash], out var address)) return false;
            var width = address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128;
            var prefix = width;
            if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > width)) return false;
            var free = width - prefix;
            var mask = free == 128 ? UInt128.Zero : UInt128.MaxValue << free;
            network = new Network(Bits(address) & mask, mask);
            return true;
        }

        private static bool IsV4(UInt128 bits) => (bits & MappedMask) == MappedPrefix;

        /// <summary>Refuses what the platform would guess at: <c>10.1</c>, <c>010.0.0.1</c>, <c>7</c>.</summary>
        private static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address) =>
            IPAddress.TryParse(text, out address!)
            && (address.AddressFamily is AddressFamily.InterNetworkV6 || text.SequenceEqual(address.ToString()));
    }
}
