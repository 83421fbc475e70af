namespace LmGateway.Configuration;

internal sealed record SecurityOptions
{
    [Setting("security.api_key", "Key that callers must send as X-API-Key or bearer token. Unset for none.", Aliases = ["GATEWAY_API_KEY"], Secret = true)]
    public string? ApiKey { get; init; }

    [Setting("security.ip_allowlist", "Addresses and networks (CIDR) that may call, separated by commas; * for all.", Aliases = ["IP_ALLOWLIST"])]
    public IReadOnlyList<string> IpAllowlist { get; init; } = ["*"];

    [Setting("security.allowed_hosts", "Further names under which this service is called (Host header).")]
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    [Setting("security.cors_origins", "Web origins that may call, separated by commas; unset for loopback and desktop origins; * for every origin, without credentials.", Aliases = ["CORS_ORIGINS"])]
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    [Setting("security.trusted_proxies", "Addresses and networks of proxies whose X-Forwarded-For is believed.")]
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    [Setting("security.allow_insecure", "Bind beyond loopback although neither a key nor an allowlist protects the service.")]
    public bool AllowInsecure { get; init; }

    [Setting("security.require_auth_for_health", "Ask for the key on /health too.", Aliases = ["REQUIRE_AUTH_FOR_HEALTH"])]
    public bool RequireAuthForHealth { get; init; }
}
