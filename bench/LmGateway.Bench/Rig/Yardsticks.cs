namespace LmGateway.Bench.Rig;

/// <summary>The instant backend, and in front of it the service and everything that it is measured against.</summary>
internal sealed class Yardsticks : IAsyncDisposable
{
    public required Server Backend { get; init; }
    public required Server Gateway { get; init; }
    public required Server Nginx { get; init; }
    public required Server Forwarder { get; init; }

    /// <summary>Null where it is not asked for.</summary>
    public Server? Portkey { get; init; }

    public static async Task<Yardsticks> StartAsync(bool portkey = false)
    {
        var backend = await Server.StartAsync(Plans.Backend());
        return new Yardsticks
        {
            Backend = backend,
            Gateway = await Server.StartAsync(Plans.Gateway(Plans.OpenAi(backend))),
            Nginx = await Server.StartAsync(Plans.Nginx(backend)),
            Forwarder = await Server.StartAsync(Plans.Forwarder(backend)),
            Portkey = portkey ? await Server.StartAsync(Plans.Portkey(backend)) : null,
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in new[] { Portkey, Forwarder, Nginx, Gateway, Backend })
            if (server is not null) await server.DisposeAsync();
    }
}
