using System.Net;

namespace LmGateway.Configuration;

/// <summary>A backend's address, as the five documents and their users write it.</summary>
internal static class BaseUrl
{
    private static readonly string[] ApiPaths = ["/api/v0", "/api/v1", "/v1"];
    private static readonly (string From, string To)[] WebSocketSchemes = [("ws://", "http://"), ("wss://", "https://")];

    /// <summary>The address without the API's path and trailing slashes; null where it is no http or https address.</summary>
    public static string? Normalise(string text)
    {
        foreach (var (from, to) in WebSocketSchemes)
            if (text.StartsWith(from, StringComparison.OrdinalIgnoreCase)) text = to + text[from.Length..];
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) return null;
        if (uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0) return null;
        var path = uri.AbsolutePath.TrimEnd('/');
        if (ApiPaths.FirstOrDefault(api => path.EndsWith(api, StringComparison.OrdinalIgnoreCase)) is { } suffix)
            path = path[..^suffix.Length].TrimEnd('/');
        return $"{uri.Scheme}://{uri.Authority}{path}";
    }

    /// <summary>
    /// Whether the address cannot be one of the public Internet: a loopback or private address, or a name that public DNS
    /// does not give out (one without dots, <c>.localhost</c>, <c>.local</c>, <c>.internal</c>, <c>.home.arpa</c>).
    /// </summary>
    public static bool IsPrivate(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return false;
        var host = uri.IdnHost.TrimEnd('.');
        if (IPAddress.TryParse(host, out var address)) return AddressRange.IsPrivate(address);
        string[] endings = [".localhost", ".local", ".internal", ".home.arpa"];
        return !host.Contains('.', StringComparison.Ordinal)
            || Array.Exists(endings, ending => host.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
