using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LeanNats.ObjectStore.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.ObjectStore;

/// <summary>Puts and gets while connections are cut and the server is killed.</summary>
public sealed class RestartTests
{
    private const int Chunk = 64 * 1024;
    private const int Kills = 3;

    private readonly byte[] content = Content.Of(24 * 1024 * 1024);

    [Fact]
    public async Task A_put_goes_on_after_the_server_was_killed()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var nats = Connect(server, server.Url);
        var store = await StoreAsync(nats);
        var source = new PacedStream(content, Kills + 1);
        var putting = store.PutAsync(Object("o"), source).AsTask();
        for (var kill = 0; kill < Kills; kill++)
        {
            await source.NextStopAsync(putting);
            await server.KillAsync();
            source.GoOn();
            await server.StartAsync();
        }

        await source.NextStopAsync(putting);
        source.GoOn();
        Assert.Equal(Content.Digest(content), (await Wait.ForAsync(putting)).Digest);
        Assert.Equal(content, await store.GetBytesAsync("o"));
    }

    [Fact]
    public async Task A_get_goes_on_after_the_server_was_killed()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var nats = Connect(server, server.Url);
        var store = await StoreAsync(nats);
        await store.PutAsync("o", content, Chunk);
        var destination = new PacedStream(new byte[content.Length], Kills + 1);
        var getting = store.GetAsync("o", destination).AsTask();
        for (var kill = 0; kill < Kills; kill++)
        {
            await destination.NextStopAsync(getting);
            await server.KillAsync();
            destination.GoOn();
            await server.StartAsync();
        }

        await destination.NextStopAsync(getting);
        destination.GoOn();
        await Wait.ForAsync(getting);
        Assert.Equal(content, destination.ToArray());
    }

    [Fact]
    public async Task Several_puts_and_gets_at_once_outlive_cut_connections()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var proxy = new CuttingProxy(server.Port);
        await using var nats = Connect(server, proxy.Url);
        var store = await StoreAsync(nats);
        var done = 0;
        var working = Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 4; round++)
            {
                await store.PutAsync($"o{i}", content[(i + round)..], Chunk);
                Assert.Equal(content[(i + round)..], await store.GetBytesAsync($"o{i}"));
                Interlocked.Increment(ref done);
            }
        })));
        await using var events = nats.Events().GetAsyncEnumerator();
        for (var mark = 1; !working.IsCompleted; mark++)
        {
            await Wait.UntilAsync(() => working.IsCompleted || Volatile.Read(ref done) >= mark, "the work goes on");
            if (working.IsCompleted) break;
            proxy.Cut();
            await events.NextAsync<NatsConnectionOpened>();
        }

        await working.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(4, (await store.ListAsync().CountAsync()));
    }

    [Fact]
    public async Task A_server_that_stays_away_ends_a_put_and_a_get_with_an_error()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var nats = new NatsConnection(server.Opts with { CommandTimeout = TimeSpan.FromMilliseconds(200) });
        var store = await StoreAsync(nats, new NatsObjOpts { Patience = TimeSpan.FromMilliseconds(500) });
        await store.PutAsync("o", content, Chunk);
        var destination = new PacedStream(new byte[content.Length], 2);
        var source = new PacedStream(content, 2);
        var getting = store.GetAsync("o", destination).AsTask();
        var putting = store.PutAsync(Object("p"), source).AsTask();
        await destination.NextStopAsync(getting);
        await source.NextStopAsync(putting);
        await server.KillAsync();
        destination.GoOn();
        source.GoOn();
        await Assert.ThrowsAnyAsync<NatsException>(() => Wait.ForAsync(getting));
        await Assert.ThrowsAnyAsync<NatsException>(() => Wait.ForAsync(putting));
    }

    private static ObjectMetadata Object(string name) => new() { Name = name, Options = new MetaDataOptions { MaxChunkSize = Chunk } };

    private static NatsConnection Connect(NatsServer server, string url) =>
        server.Connect(opts => opts with { Url = url, ReconnectWaitMin = TimeSpan.FromMilliseconds(5), ReconnectJitter = TimeSpan.Zero });

    private static ValueTask<NatsObjStore> StoreAsync(NatsConnection nats, NatsObjOpts? opts = null) =>
        new NatsObjContext(new NatsJSContext(nats), opts).CreateObjectStoreAsync("b");

    /// <summary>A stream that stops at so many places, evenly spread, until it is told to go on.</summary>
    private sealed class PacedStream(byte[] bytes, int stops) : MemoryStream(bytes)
    {
        private readonly SemaphoreSlim stopped = new(0);
        private readonly SemaphoreSlim goOn = new(0);
        private int reached;

        public async Task NextStopAsync(Task working)
        {
            var stop = stopped.WaitAsync(NatsServer.Deadline);
            await Task.WhenAny(stop, working);
            Assert.True(stop.IsCompleted && await stop, $"It ended early: {working.Exception}");
        }

        public void GoOn() => goOn.Release();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await StopAsync();
            return await base.ReadAsync(buffer, cancellationToken);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await StopAsync();
            await base.WriteAsync(buffer, cancellationToken);
        }

        private async Task StopAsync()
        {
            if (reached >= stops || Position < Length / (stops + 1) * (reached + 1)) return;
            reached++;
            stopped.Release();
            await goOn.WaitAsync();
        }
    }
}
