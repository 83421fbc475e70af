namespace LeanNats.Services;

/// <summary>Endpoints whose subjects begin alike.</summary>
public sealed class NatsSvcGroup
{
    private readonly NatsSvcServer service;
    private readonly string prefix;
    private readonly string queueGroup;

    internal NatsSvcGroup(NatsSvcServer service, string prefix, string queueGroup) =>
        (this.service, this.prefix, this.queueGroup) = (service, prefix, queueGroup);

    /// <summary>A group within this one. <paramref name="queueGroup"/> is for its endpoints that name none; null takes this group's.</summary>
    public NatsSvcGroup AddGroup(string name, string? queueGroup = null)
    {
        NatsSubject.CheckPublish(name, nameof(name));
        NatsSvcConfig.CheckQueueGroup(queueGroup ?? "", nameof(queueGroup));
        return new NatsSvcGroup(service, $"{prefix}{name}.", queueGroup ?? this.queueGroup);
    }

    /// <summary>Adds an endpoint as <see cref="NatsSvcServer.AddEndpointAsync"/> does, under this group's subject.</summary>
    public async ValueTask AddEndpointAsync(
        Func<NatsSvcMsg, CancellationToken, ValueTask> handler, string name, string? subject = null, NatsSvcEndpointOpts? opts = null,
        CancellationToken cancellationToken = default)
    {
        NatsSvcConfig.CheckName(name, nameof(name));
        opts ??= new NatsSvcEndpointOpts();
        ArgumentOutOfRangeException.ThrowIfLessThan(opts.MaxConcurrency, 1, nameof(opts));
        var info = new EndpointInfo
        {
            Name = name,
            Subject = prefix + (subject ?? name),
            QueueGroup = opts.QueueGroup ?? queueGroup,
            Metadata = opts.Metadata,
        };
        await service.ServeAsync(info, handler, opts, cancellationToken).ConfigureAwait(false);
    }
}
