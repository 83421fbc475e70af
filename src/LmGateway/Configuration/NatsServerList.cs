namespace LmGateway.Configuration;

/// <summary>The servers of <c>nats.url</c> as people write them.</summary>
internal static class NatsServerList
{
    /// <summary>The list without blanks, <c>off</c>, or null where it is neither.</summary>
    public static string? Canonical(string text)
    {
        if (text.Equals(NatsOptions.Off, StringComparison.OrdinalIgnoreCase)) return NatsOptions.Off;
        var servers = Split(text);
        return servers.Length > 0 && servers.All(IsServer) ? string.Join(',', servers) : null;
    }

    /// <summary>The list without users, passwords and tokens.</summary>
    public static string Masked(string text) => string.Join(", ", Split(text).Select(WithoutUser));

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsServer(string server) =>
        Uri.TryCreate(server.Contains("://", StringComparison.Ordinal) ? server : "nats://" + server, UriKind.Absolute, out var uri)
        && uri.Scheme is "nats" or "tls" && uri.Host.Length > 0 && uri.PathAndQuery.Length <= 1 && uri.Fragment.Length == 0;

    private static string WithoutUser(string server)
    {
        var at = server.LastIndexOf('@');
        if (at < 0) return server;
        var scheme = server.IndexOf("://", StringComparison.Ordinal);
        return $"{(scheme < 0 ? "" : server[..(scheme + 3)])}***@{server[(at + 1)..]}";
    }
}
