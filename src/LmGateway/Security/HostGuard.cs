using System.Net;

namespace LmGateway.Security;

/// <summary>
/// Decides whether a <c>Host</c> header names this service, so that a foreign page cannot reach it under a name of its own
/// (DNS rebinding). Loopback names always do, as do the addresses and names it is bound to, the address at which the connection
/// arrived, and <c>security.allowed_hosts</c>.
/// </summary>
internal sealed class HostGuard
{
    private const int Remembered = 64;

    private readonly HostRule[] rules;

    /// <summary>Host headers met before; the value is null where the name itself is allowed. Replaced whole, never changed.</summary>
    private volatile Dictionary<string, UInt128?> known = new(StringComparer.Ordinal);

    public HostGuard(IEnumerable<string> boundHosts, IReadOnlyList<string> allowedHosts, ICollection<string> faults)
    {
        var read = new List<HostRule>();
        foreach (var host in boundHosts)
            if (HostRule.TryParse(host, out var rule)) read.Add(rule with { Port = null });
        foreach (var host in allowedHosts.Select(host => host.Trim()).Where(host => host.Length > 0))
        {
            if (HostRule.TryParse(host, out var rule)) read.Add(rule);
            else faults.Add($"security.allowed_hosts: '{host}' is not a host; write gateway.example.com, gateway.example.com:8000, *.example.com or *");
        }

        rules = [.. read];
    }

    /// <summary>Whether <paramref name="host"/> (the header, with its port) is a name of the service for a connection that arrived at <paramref name="local"/>.</summary>
    public bool Allows(string host, IPAddress? local)
    {
        if (!known.TryGetValue(host, out var address))
        {
            if (!TryJudge(host, out address)) return false;
            Remember(host, address);
        }

        return address is null || (local is not null && NetworkSet.Bits(local) == address);
    }

    /// <summary>False for a refused name; otherwise the address that the connection must have arrived at, or null for any.</summary>
    private bool TryJudge(string host, out UInt128? required)
    {
        required = null;
        if (!Authority.TryParse(host, out var authority)) return false;
        if (authority.IsLoopback) return true;
        var literal = IPAddress.TryParse(authority.Host, out var address);
        var name = literal ? address!.ToString() : authority.Host.ToString();
        foreach (var rule in rules)
            if (rule.Fits(name, authority.Port)) return true;
        if (literal) required = NetworkSet.Bits(address!);
        return literal;
    }

    private void Remember(string host, UInt128? address)
    {
        var before = known;
        if (before.Count >= Remembered) return;
        known = new Dictionary<string, UInt128?>(before, StringComparer.Ordinal) { [host] = address };
    }

    /// <summary>One entry: a host, with its subdomains instead where it began with <c>*.</c>, at one port or at any.</summary>
    private readonly record struct HostRule(string Name, bool Subdomains, int? Port)
    {
        public bool Fits(string name, int? port) =>
            (Port is null || Port == port)
            && (Subdomains ? name.EndsWith(Name, StringComparison.OrdinalIgnoreCase) : name.Equals(Name, StringComparison.OrdinalIgnoreCase));

        public static bool TryParse(string text, out HostRule rule)
        {
            rule = default;
            if (!Authority.TryParse(text, out var authority)) return false;
            var name = IPAddress.TryParse(authority.Host, out var address) ? address.ToString() : authority.Host.ToString();
            var subdomains = name.StartsWith('*');
            if (subdomains) name = name[1..];
            rule = new HostRule(name, subdomains, authority.Port);
            return (!subdomains || name is "" || name[0] == '.')
                && !name.AsSpan().ContainsAny("*/@ ") && (address is not null || !name.Contains(':'));
        }
    }
}
