using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

public sealed class DrainTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private readonly string subject = Nuid.Next();

    [Fact]
    public async Task A_worker_drained_under_load_fails_no_request()
    {
        await using var caller = shared.Server.Connect();
        await using var second = shared.Server.Connect();
        var first = shared.Server.Connect();
        var (working, staying) = (await WorkAsync(first), await WorkAsync(second));
        var calls = Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
        {
            for (var n = 0; n < 50; n++)
            {
                if (i == 0 && n == 10) await first.DrainAsync();
                Assert.Equal(n, BitConverter.ToInt32((await caller.RequestAsync(subject, BitConverter.GetBytes(n))).Data.Span));
            }
        })).ToArray();
        await Wait.ForAsync(Task.WhenAll(calls));
        await Wait.ForAsync(working);
        Assert.False(staying.IsCompleted);
        Assert.Equal(NatsConnectionState.Closed, first.ConnectionState);
    }

    [Fact]
    public async Task Draining_refuses_new_subscriptions_and_lets_running_work_finish()
    {
        await using var caller = shared.Server.Connect();
        var worker = shared.Server.Connect();
        var requests = await worker.SubscribeCoreAsync(subject);
        await worker.FlushAsync();
        var (begun, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        var working = Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync())
            {
                begun.TrySetResult();
                await finish.Task;
                await request.ReplyAsync("done".Bytes());
            }
        });

        var call = caller.RequestAsync(subject).AsTask();
        await Wait.ForAsync(begun.Task);
        var drain = worker.DrainAsync().AsTask();
        await Wait.UntilAsync(() => Refuses(worker), "the draining connection refuses");
        Assert.False(drain.IsCompleted);
        finish.SetResult();
        await Wait.ForAsync(drain);
        await Wait.ForAsync(working);
        Assert.Equal("done", (await call).Text());
        await worker.DrainAsync();
    }

    [Fact]
    public async Task A_request_that_is_under_way_gets_its_reply_before_the_drain_ends()
    {
        await using var service = shared.Server.Connect();
        await using var requests = await service.SubscribeCoreAsync(subject);
        await service.FlushAsync();
        var caller = shared.Server.Connect();
        var call = caller.RequestAsync(subject).AsTask();
        var many = caller.RequestManyAsync(subject).ToListAsync().AsTask();
        var (one, two) = (await requests.NextAsync(), await requests.NextAsync());
        var drain = caller.DrainAsync().AsTask();
        foreach (var request in new[] { one, two })
        {
            await request.ReplyAsync("x".Bytes());
            await request.ReplyAsync();
        }

        await Wait.ForAsync(drain);
        Assert.Equal("x", (await call).Text());
        Assert.Single(await many);
    }

    [Fact]
    public async Task A_drain_that_takes_too_long_says_so_and_closes()
    {
        var time = new ManualTime();
        var worker = shared.Server.Connect(opts => opts with
        {
            TimeProvider = time, DrainTimeout = TimeSpan.FromSeconds(30), CommandTimeout = TimeSpan.FromHours(1), PingInterval = TimeSpan.FromHours(1),
        });
        await using var caller = shared.Server.Connect();
        await worker.SubscribeCoreAsync(subject);
        await worker.FlushAsync();
        await caller.PublishConfirmedAsync(subject);
        await worker.FlushAsync();
        var drain = worker.DrainAsync().AsTask();
        while (!drain.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        await Assert.ThrowsAsync<NatsTimeoutException>(() => drain);
        Assert.Equal(NatsConnectionState.Closed, worker.ConnectionState);
    }

    [Fact]
    public async Task After_dispose_everything_ends_and_is_refused()
    {
        var nats = shared.Server.Connect();
        await using var events = nats.Events().GetAsyncEnumerator();
        var messages = nats.SubscribeAsync(subject).GetAsyncEnumerator();
        var next = messages.MoveNextAsync().AsTask();
        await nats.FlushAsync();
        await using var holder = shared.Server.Connect();
        await using var held = await holder.SubscribeCoreAsync(subject + ".held");
        await holder.FlushAsync();
        var request = nats.RequestAsync(subject + ".held").AsTask();
        await held.NextAsync();

        await nats.DisposeAsync();
        Assert.False(await Wait.ForAsync(next));
        await Assert.ThrowsAnyAsync<Exception>(() => Wait.ForAsync(request));
        Assert.Null((await events.NextAsync<NatsConnectionClosed>()).Reason);
        Assert.False(await Wait.ForAsync(events.MoveNextAsync().AsTask()));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await nats.PublishAsync(subject));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await nats.RequestAsync(subject));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await nats.ConnectAsync());
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task What_was_published_before_dispose_has_arrived()
    {
        await using var reader = shared.Server.Connect();
        await using var subscription = await reader.SubscribeCoreAsync(subject);
        await reader.FlushAsync();
        var nats = shared.Server.Connect();
        await nats.ConnectAsync();
        var publishes = Enumerable.Range(0, 5000).Select(_ => nats.PublishAsync(subject, new byte[100]).AsTask()).ToArray();
        await nats.DisposeAsync();
        await Wait.ForAsync(Task.WhenAll(publishes));
        for (var i = 0; i < publishes.Length; i++) await subscription.NextAsync();
    }

    private static bool Refuses(NatsConnection nats)
    {
        var subscribe = nats.SubscribeCoreAsync("x").AsTask();
        return subscribe.IsFaulted && subscribe.Exception.InnerException is NatsDrainingException;
    }

    private async Task<Task> WorkAsync(NatsConnection worker)
    {
        var requests = await worker.SubscribeCoreAsync(subject, "workers");
        await worker.FlushAsync();
        return Task.Run(async () =>
        {
            await foreach (var request in requests.ReadAllAsync()) await request.ReplyAsync(request.Data);
        });
    }
}
