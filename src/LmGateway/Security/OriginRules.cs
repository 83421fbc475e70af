namespace LmGateway.Security;

/// <summary>What an <c>Origin</c> header means for one request.</summary>
internal enum OriginVerdict
{
    /// <summary>No web page asks.</summary>
    Absent,

    /// <summary>The page came from this service itself.</summary>
    Same,

    /// <summary>The origin may read replies; it is named in them.</summary>
    Allowed,

    /// <summary>Every origin may read replies.</summary>
    Anyone,

    Refused,
}

/// <summary>
/// Which web origins may call. Without a setting: pages and apps of the user's own machine (loopback at any port, desktop
/// shells, browser and editor extensions). A list replaces that; <c>*</c> admits everyone, but never to what administers the
/// service while no key guards it.
/// </summary>
internal sealed class OriginRules
{
    private static readonly string[] DesktopSchemes =
        ["app://", "chrome-extension://", "moz-extension://", "safari-web-extension://", "vscode-webview://"];

    private readonly bool anyone;
    private readonly bool keyed;
    private readonly OriginPattern[]? listed;

    public OriginRules(IReadOnlyList<string> origins, bool keyed, ICollection<string> faults)
    {
        this.keyed = keyed;
        var entries = origins.Select(origin => origin.Trim().TrimEnd('/')).Where(origin => origin.Length > 0).ToList();
        anyone = entries.Remove("*");
        if (entries.Count == 0) return;
        var patterns = new List<OriginPattern>(entries.Count);
        foreach (var entry in entries)
        {
            if (OriginPattern.TryParse(entry, out var pattern)) patterns.Add(pattern);
            else faults.Add($"security.cors_origins: '{entry}' is not an origin; write https://chat.example.com, https://*.example.com, app://* or *");
        }

        listed = [.. patterns];
    }

    /// <summary>
    /// Judges an <c>Origin</c> header; <paramref name="host"/> is the request's own <c>Host</c>. An allowed origin is plain text
    /// that can stand in a reply.
    /// </summary>
    public OriginVerdict Judge(string? origin, string host, bool administers)
    {
        if (string.IsNullOrEmpty(origin)) return OriginVerdict.Absent;
        if (anyone && (keyed || !administers)) return OriginVerdict.Anyone;
        if (origin.AsSpan().ContainsAnyExceptInRange('!', '~')) return OriginVerdict.Refused;
        if (listed is null ? IsOfThisMachine(origin) : IsListed(listed, origin)) return OriginVerdict.Allowed;
        return IsSame(origin, host) ? OriginVerdict.Same : OriginVerdict.Refused;
    }

    private static bool IsListed(OriginPattern[] patterns, string origin)
    {
        foreach (var pattern in patterns)
            if (pattern.Fits(origin)) return true;
        return false;
    }

    private static bool IsOfThisMachine(string origin)
    {
        if (AuthorityOf(origin, "http://") is { IsEmpty: false } plain) return Authority.TryParse(plain, out var http) && http.IsLoopback;
        if (AuthorityOf(origin, "https://") is { IsEmpty: false } secure) return Authority.TryParse(secure, out var https) && https.IsLoopback;
        foreach (var scheme in DesktopSchemes)
            if (origin.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return true;
        return origin.Equals("tauri://localhost", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The scheme is left aside: behind a proxy that ends TLS the page says https and this service sees http.</summary>
    private static bool IsSame(string origin, string host) =>
        host.Length > 0
        && (AuthorityOf(origin, "http://").Equals(host, StringComparison.OrdinalIgnoreCase)
            || AuthorityOf(origin, "https://").Equals(host, StringComparison.OrdinalIgnoreCase));

    private static ReadOnlySpan<char> AuthorityOf(string origin, string scheme) =>
        origin.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? origin.AsSpan(scheme.Length) : [];

    /// <summary>An origin in which one <c>*</c> may stand for one or more characters.</summary>
    private readonly record struct OriginPattern(string Start, string? End)
    {
        public bool Fits(string origin) =>
            End is null
                ? origin.Equals(Start, StringComparison.OrdinalIgnoreCase)
                : origin.Length > Start.Length + End.Length
                    && origin.StartsWith(Start, StringComparison.OrdinalIgnoreCase)
                    && origin.EndsWith(End, StringComparison.OrdinalIgnoreCase);

        public static bool TryParse(string text, out OriginPattern pattern)
        {
            pattern = default;
            var scheme = text.IndexOf("://", StringComparison.Ordinal);
            var star = text.IndexOf('*');
            if (scheme <= 0 || (star >= 0 && star < scheme) || text.LastIndexOf('*') != star) return false;
            var authority = text.AsSpan(scheme + 3);
            if (authority.IsEmpty || authority.ContainsAny("/@ ")) return false;
            text = WithoutDefaultPort(text);
            pattern = star < 0 ? new OriginPattern(text, null) : new OriginPattern(text[..star], text[(star + 1)..]);
            return true;
        }

        private static string WithoutDefaultPort(string text) =>
            text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) && text.EndsWith(":80", StringComparison.Ordinal) ? text[..^3]
            : text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && text.EndsWith(":443", StringComparison.Ordinal) ? text[..^4]
            : text;
    }
}
