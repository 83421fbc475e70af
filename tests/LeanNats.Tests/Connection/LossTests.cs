using System.Collections.Concurrent;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

/// <summary>Nothing is lost in silence: under cut connections each publish arrives or fails its caller, and none arrives twice.</summary>
public sealed class LossTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const int Publishers = 8;
    private const int PerPublisher = 400;

    private readonly string subject = Nuid.Next();

    [Fact]
    public async Task A_confirmed_publish_has_arrived_however_often_the_connection_is_cut()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var reader = shared.Server.Connect();
        await using var received = await reader.SubscribeCoreAsync(subject);
        await reader.FlushAsync();
        await using var nats = Through(proxy);
        await nats.ConnectAsync();

        var (arrived, failed) = await PublishWhileCuttingAsync(proxy, nats, (id, size) => nats.PublishConfirmedAsync(subject, Payload(id, size)));
        await nats.FlushAsync();
        var seen = await ReadAllAsync(reader, received);
        Assert.Empty(arrived.Except(seen));
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(Publishers * PerPublisher, arrived.Count + failed.Count);
        Assert.NotEmpty(failed);
    }

    [Fact]
    public async Task A_plain_publish_ends_one_way_or_the_other_and_never_arrives_twice()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var reader = shared.Server.Connect();
        await using var received = await reader.SubscribeCoreAsync(subject);
        await reader.FlushAsync();
        await using var nats = Through(proxy);
        await nats.ConnectAsync();

        var (sent, failed) = await PublishWhileCuttingAsync(proxy, nats, (id, size) => nats.PublishAsync(subject, Payload(id, size)));
        await nats.FlushAsync();
        var seen = await ReadAllAsync(reader, received);
        Assert.Equal(Publishers * PerPublisher, sent.Count + failed.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.NotEmpty(seen);
    }

    [Fact]
    public async Task Requests_under_cut_connections_each_get_their_own_reply_or_an_error()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var service = shared.Server.Connect();
        var requests = await service.SubscribeCoreAsync(subject);
        await service.FlushAsync();
        var serving = Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync()) await request.ReplyAsync(request.Data);
        });
        await using var nats = Through(proxy);
        await nats.ConnectAsync();
        var (answered, failed) = await PublishWhileCuttingAsync(proxy, nats, async (id, size) =>
        {
            var payload = Payload(id, size);
            Assert.Equal(payload, (await nats.RequestAsync(subject, payload)).Data.ToArray());
        });
        Assert.Equal(Publishers * PerPublisher, answered.Count + failed.Count);
        Assert.NotEmpty(answered);
        await requests.DisposeAsync();
        await Wait.ForAsync(serving);
    }

    [Fact]
    public async Task Subscriptions_that_come_and_go_under_cut_connections_leave_nothing_behind()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var nats = Through(proxy);
        await using var staying = await nats.SubscribeCoreAsync(subject, "queue");
        await PublishWhileCuttingAsync(proxy, nats, async (_, _) =>
        {
            await using var passing = await nats.SubscribeCoreAsync(subject, "queue");
            await nats.FlushAsync();
        });
        await nats.FlushAsync();
        while (staying.Msgs.TryRead(out _))
        {
        }

        // A member that stayed behind on the server would take its share.
        await using var publisher = shared.Server.Connect();
        for (var i = 0; i < 200; i++) await publisher.PublishAsync(subject, BitConverter.GetBytes(i));
        for (var i = 0; i < 200; i++) Assert.Equal(i, BitConverter.ToInt32((await staying.NextAsync()).Data.Span));
    }

    [Fact]
    public async Task A_killed_server_under_load_leaves_no_publish_without_an_end()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = server.Connect(opts => opts with { ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        await nats.ConnectAsync();
        using var stop = new CancellationTokenSource();
        var publishing = Enumerable.Range(0, Publishers).Select(_ => Task.Run(async () =>
        {
            var failures = 0;
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await nats.PublishConfirmedAsync(subject, new byte[500]);
                }
                catch (NatsConnectionLostException)
                {
                    failures++;
                }
            }

            return failures;
        })).ToArray();
        for (var kill = 0; kill < 5; kill++)
        {
            await nats.PublishConfirmedUntilSentAsync(subject);
            await server.RestartAsync();
        }

        await nats.PublishConfirmedUntilSentAsync(subject);
        await stop.CancelAsync();
        Assert.True((await Wait.ForAsync(Task.WhenAll(publishing))).Sum() > 0);
    }

    /// <summary>Cuts the connection again and again, each time after some more publishes, until all have their end.</summary>
    private static async Task<(ConcurrentQueue<int> Done, ConcurrentQueue<int> Failed)> PublishWhileCuttingAsync(
        CuttingProxy proxy, NatsConnection nats, Func<int, int, ValueTask> send)
    {
        var (done, failed) = (new ConcurrentQueue<int>(), new ConcurrentQueue<int>());
        await using var events = nats.Events().GetAsyncEnumerator();
        var publishing = Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            for (var i = 0; i < PerPublisher; i++)
            {
                var id = (publisher * PerPublisher) + i;
                try
                {
                    await send(id, id % 50 == 0 ? 200_000 : 100);
                    done.Enqueue(id);
                }
                catch (NatsConnectionLostException)
                {
                    failed.Enqueue(id);
                }
            }
        })));
        for (var mark = 200; !publishing.IsCompleted; mark += 200)
        {
            await Wait.UntilAsync(() => publishing.IsCompleted || done.Count + failed.Count >= mark, "publishing goes on");
            if (publishing.IsCompleted) break;
            proxy.Cut();
            await events.NextAsync<NatsConnectionOpened>();
        }

        await Wait.ForAsync(publishing);
        return (done, failed);
    }

    private static async Task<List<int>> ReadAllAsync(NatsConnection reader, NatsSubscription received)
    {
        // What the server had from the cut connections is behind it: both of its ends have been flushed.
        await reader.FlushAsync();
        var seen = new List<int>();
        while (received.Msgs.TryRead(out var message)) seen.Add(BitConverter.ToInt32(message.Data.Span));
        return seen;
    }

    private static byte[] Payload(int id, int size)
    {
        var payload = new byte[size];
        BitConverter.TryWriteBytes(payload, id);
        return payload;
    }

    private NatsConnection Through(CuttingProxy proxy) =>
        shared.Server.Connect(opts => opts with { Url = proxy.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(5), ReconnectJitter = TimeSpan.Zero });
}
