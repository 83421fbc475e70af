using LeanNats.Tests.Servers;

namespace LeanNats.Tests.KeyValue;

/// <summary>One server with JetStream for the tests that do not hurt it. Tests keep apart by their buckets.</summary>
public sealed class SharedJetStream : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await NatsServer.StartAsync(jetStream: true);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
