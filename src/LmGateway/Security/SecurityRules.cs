using LmGateway.Configuration;
using LmGateway.Vocabulary;

namespace LmGateway.Security;

/// <summary>Everything that the settings say about who may call, read once for each snapshot of them.</summary>
internal sealed class SecurityRules
{
    /// <summary>What the one key of the settings calls its holders.</summary>
    public const string DefaultKeyName = SecurityOptions.MainKeyName;

    private SecurityRules(GatewayOptions options, List<string> faults)
    {
        var security = options.Security;
        Clients = new ClientAddress(NetworkSet.Parse("security.trusted_proxies", security.TrustedProxies, faults));
        Allowlist = NetworkSet.Parse("security.ip_allowlist", security.IpAllowlist, faults);
        Hosts = new HostGuard(BoundHosts(options.Listen), security.AllowedHosts, faults);
        Origins = new OriginRules(security.CorsOrigins, security.HasKeys, faults);
        HealthNeedsKey = security.RequireAuthForHealth;
        if (!security.IpAllowlist.Any(entry => !string.IsNullOrWhiteSpace(entry)))
            faults.Add("security.ip_allowlist: an empty list lets nobody call; write * for everyone");
    }

    public ClientAddress Clients { get; }
    public NetworkSet Allowlist { get; }
    public HostGuard Hosts { get; }
    public OriginRules Origins { get; }
    public bool HealthNeedsKey { get; }

    /// <summary>Throws one error that lists every entry that cannot be read.</summary>
    public static SecurityRules From(GatewayOptions options)
    {
        var faults = new List<string>();
        var rules = new SecurityRules(options, faults);
        return faults.Count == 0
            ? rules
            : throw new GatewayException(new GatewayError(ErrorCode.InvalidRequest, string.Join(Environment.NewLine, faults)) { Details = faults });
    }

    /// <summary>Every entry that cannot be read, each with its key, its value and the fix; empty when all is well.</summary>
    public static IReadOnlyList<string> Faults(GatewayOptions options)
    {
        var faults = new List<string>();
        _ = new SecurityRules(options, faults);
        return faults;
    }

    /// <summary>The hosts that the operator bound by name or address; a wildcard names none.</summary>
    private static IEnumerable<string> BoundHosts(ListenOptions listen)
    {
        if (listen.Urls.Count == 0) return listen.Host is "*" or "+" ? [] : [listen.Host];
        return listen.Urls
            .Select(url => url[(url.IndexOf("://", StringComparison.Ordinal) is var scheme && scheme >= 0 ? scheme + 3 : 0)..].Split('/')[0])
            .Where(host => host.Length > 0 && host[0] is not ('*' or '+') && !host.StartsWith("unix:", StringComparison.Ordinal));
    }
}
