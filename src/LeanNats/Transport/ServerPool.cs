namespace LeanNats.Transport;

/// <summary>The servers to try: those that were configured and those that the last server told of. Owned by the connection's one loop.</summary>
internal sealed class ServerPool(NatsOpts opts)
{
    private readonly IReadOnlyList<ServerAddress> configured = ServerAddress.ParseList(opts.Url);
    private IReadOnlyList<ServerAddress> discovered = [];
    private ServerAddress? last;

    /// <summary>Takes a server's list in place of the former one. A server that leaves shows it by leaving itself out.</summary>
    public void Learn(ServerAddress from, NatsServerInfo info)
    {
        if (opts.IgnoreDiscoveredServers || info.ClientConnectUrls is not { } urls) return;
        discovered = [.. urls.Select(from.Discovered).OfType<ServerAddress>()];
    }

    /// <summary>The server that was used goes to the end of the next round.</summary>
    public void Used(ServerAddress server) => last = server;

    /// <summary>Every server once, in random order unless told otherwise, the one last used at the end.</summary>
    public IReadOnlyList<ServerAddress> Round()
    {
        var servers = configured.Concat(discovered).DistinctBy(server => (server.Host, server.Port)).ToArray();
        if (!opts.NoRandomize) Random.Shared.Shuffle(servers);
        return [.. servers.OrderBy(server => last is not null && (server.Host, server.Port) == (last.Host, last.Port))];
    }
}
