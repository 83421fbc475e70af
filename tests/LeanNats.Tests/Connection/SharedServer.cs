using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

/// <summary>One plain server for the tests that do not hurt it. Tests keep apart by their subjects.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await NatsServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
