namespace LmGateway.Configuration;

internal sealed record SecurityOptions
{
    /// <summary>What the one key without a name is called.</summary>
    public const string MainKeyName = "default";

    [Setting("security.api_key", "Key that callers must send as X-API-Key or bearer token. Unset for none.",
        Aliases = ["GATEWAY_API_KEY"], Example = "a-long-random-text", Secret = true)]
    public string? ApiKey { get; init; }

    [Setting("security.keys",
        "Named keys beside it, each with a name, the SHA-256 of its secret (or the secret itself as key), and where wanted scopes, models, requests_per_minute, tokens_per_minute and tokens_per_day.",
        Form = SettingForm.ApiKey, Example = KeyEntry.Example)]
    public IReadOnlyList<string> Keys { get; init; } = [];

    [Setting("security.client_key", "Key that this program's own commands, and lmgateway mcp, present to a running service; security.api_key where unset.",
        Aliases = ["LMGATEWAY_KEY"], Example = "a-long-random-text", Secret = true)]
    public string? ClientKey { get; init; }

    [Setting("security.ip_allowlist", "Addresses and networks (CIDR) that may call; * for all.",
        Aliases = ["IP_ALLOWLIST"], Form = SettingForm.CallerRange, Example = "192.168.0.0/16")]
    public IReadOnlyList<string> IpAllowlist { get; init; } = ["*"];

    [Setting("security.allowed_hosts", "Further names under which this service is called (Host header).",
        Form = SettingForm.HostName, Example = "gateway.lan")]
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    [Setting("security.cors_origins",
        "Web origins that may call; unset for loopback and desktop origins; * for every origin, without credentials.",
        Aliases = ["CORS_ORIGINS"], Form = SettingForm.WebOrigin, Example = "https://chat.example.com")]
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    [Setting("security.trusted_proxies", "Addresses and networks of proxies whose X-Forwarded-For is believed.",
        Form = SettingForm.AddressRange, Example = "10.0.0.2")]
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    [Setting("security.allow_insecure", "Bind beyond loopback although neither a key nor an allowlist protects the service.")]
    public bool AllowInsecure { get; init; }

    [Setting("security.require_auth_for_health", "Ask for the key on /health too.", Aliases = ["REQUIRE_AUTH_FOR_HEALTH"])]
    public bool RequireAuthForHealth { get; init; }

    /// <summary>What callers of a running service send.</summary>
    public string? KeyToPresent => ClientKey ?? ApiKey;

    /// <summary>Callers have to send a key.</summary>
    public bool HasKeys => !string.IsNullOrEmpty(ApiKey) || Keys.Count > 0;

    /// <summary>The named keys, read. What is wrong with one has been told when the settings were loaded.</summary>
    public IEnumerable<KeyEntry> KeyEntries => Keys.Select(text => KeyEntry.Read(text, []));

    /// <summary>Whether a stranger who reaches the listener is turned away: by a key, or by an allowlist that leaves someone out.</summary>
    public bool IsProtected => HasKeys || !IpAllowlist.Any(AddressRange.IsEveryone);
}
