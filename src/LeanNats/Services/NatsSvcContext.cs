namespace LeanNats.Services;

/// <summary>Offers services by the NATS micro services protocol (ADR-32): anyone can find them, ask what they are and how busy they are.</summary>
public sealed class NatsSvcContext(NatsConnection connection)
{
    /// <summary>Begins a service whose requests are shared by all instances in one queue group. Endpoints are added to what this returns.</summary>
    public ValueTask<NatsSvcServer> AddServiceAsync(
        string name, string version, string queueGroup = NatsSvcConfig.DefaultQueueGroup, CancellationToken cancellationToken = default) =>
        AddServiceAsync(new NatsSvcConfig { Name = name, Version = version, QueueGroup = queueGroup }, cancellationToken);

    /// <summary>
    /// Begins a service. Throws <see cref="ArgumentException"/> for a name or version that the protocol does not allow, and what
    /// <see cref="NatsConnection.ConnectAsync"/> throws.
    /// </summary>
    public async ValueTask<NatsSvcServer> AddServiceAsync(NatsSvcConfig config, CancellationToken cancellationToken = default)
    {
        config.Check();
        var service = new NatsSvcServer(connection, config);
        try
        {
            await service.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await service.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return service;
    }
}
