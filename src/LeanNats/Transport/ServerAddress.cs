using System.Globalization;

namespace LeanNats.Transport;

/// <summary>One server, with what its URL says.</summary>
internal sealed record ServerAddress(string Host, int Port)
{
    private const int DefaultPort = 4222;

    /// <summary>The name its certificate must carry: of a server that another one told of, the name that was configured.</summary>
    public required string TlsHost { get; init; }

    /// <summary>The scheme was <c>tls</c>.</summary>
    public bool TlsRequired { get; init; }

    /// <summary>A user, or without <see cref="Password"/> a token.</summary>
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>Reads <see cref="NatsOpts.Url"/>. Throws <see cref="ArgumentException"/>, without secrets, for what is not a server.</summary>
    public static IReadOnlyList<ServerAddress> ParseList(string urls)
    {
        var servers = urls.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseUrl).ToArray();
        return servers.Length > 0 ? servers : throw new ArgumentException("No NATS server is given.", nameof(urls));
    }

    /// <summary>A server that this one told of, by host and port; null when the text is neither.</summary>
    public ServerAddress? Discovered(string hostAndPort)
    {
        var colon = hostAndPort.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(hostAndPort.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return null;
        if (port is < 1 or > 65_535) return null;
        var host = hostAndPort[..colon].Trim('[', ']');
        var isAddress = System.Net.IPAddress.TryParse(host, out _);
        return this with { Host = host, Port = port, TlsHost = isAddress ? TlsHost : host };
    }

    /// <summary>Host and port, never a secret.</summary>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static ServerAddress ParseUrl(string url)
    {
        var text = url.Contains("://", StringComparison.Ordinal) ? url : "nats://" + url;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("nats" or "tls") || uri.Host.Length == 0)
            throw new ArgumentException("A NATS server is written as nats://host:port or tls://host:port.", nameof(url));
        var host = uri.IdnHost.Trim('[', ']');
        var user = uri.UserInfo.Split(':', 2);
        return new ServerAddress(host, uri.Port > 0 ? uri.Port : DefaultPort)
        {
            TlsHost = host,
            TlsRequired = uri.Scheme is "tls",
            User = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
    }
}
