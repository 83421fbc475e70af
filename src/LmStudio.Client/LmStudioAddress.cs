namespace LmStudio.Client;

/// <summary>One server under its two schemes. Neither form ends in a slash.</summary>
internal readonly record struct LmStudioAddress(string Http, string WebSocket, bool IsLoopback)
{
    private static readonly string[] ApiSuffixes = ["/api/v0", "/api/v1", "/v1"];

    public static LmStudioAddress Of(Uri address)
    {
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https" or "ws" or "wss"))
            throw new ArgumentException("The address must start with http://, https://, ws:// or wss://.", nameof(address));
        if (address.Query.Length > 0 || address.Fragment.Length > 0 || address.UserInfo.Length > 0)
            throw new ArgumentException("The address must not carry a query, a fragment or a user.", nameof(address));

        var path = address.AbsolutePath.TrimEnd('/');
        foreach (var suffix in ApiSuffixes)
        {
            if (!path.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            path = path[..^suffix.Length].TrimEnd('/');
            break;
        }

        var secure = address.Scheme is "https" or "wss";
        var rest = $"://{address.Authority}{path}";
        return new LmStudioAddress((secure ? "https" : "http") + rest, (secure ? "wss" : "ws") + rest, address.IsLoopback);
    }

    public static LmStudioAddress Local(int port) => Of(new Uri($"http://127.0.0.1:{port}"));

    public Uri HttpUri(string path) => new(Http + path);

    public Uri SocketUri(string path) => new(WebSocket + path);
}
