using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

public sealed class ReconnectTests : IAsyncLifetime
{
    private NatsServer server = null!;

    public async ValueTask InitializeAsync() => server = await NatsServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_restarted_server_gets_all_subscriptions_back()
    {
        await using var nats = Connect();
        await using var events = nats.Events().GetAsyncEnumerator();
        await using var plain = await nats.SubscribeCoreAsync("a.*");
        await using var queue = await nats.SubscribeCoreAsync("a.*", "q");
        var gone = await nats.SubscribeCoreAsync("gone");
        await gone.DisposeAsync();
        await nats.FlushAsync();
        await events.NextAsync<NatsConnectionOpened>();

        for (var round = 0; round < 3; round++)
        {
            await server.RestartAsync();
            await events.NextAsync<NatsConnectionDisconnected>();
            await events.NextAsync<NatsConnectionOpened>();
            Assert.Equal(NatsConnectionState.Open, nats.ConnectionState);
            await nats.PublishAsync("a.b", BitConverter.GetBytes(round));
            Assert.Equal(round, BitConverter.ToInt32((await plain.NextAsync()).Data.Span));
            Assert.Equal(round, BitConverter.ToInt32((await queue.NextAsync()).Data.Span));
            await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync("gone"));
        }
    }

    [Fact]
    public async Task What_is_published_while_the_server_is_away_is_sent_in_order_when_it_is_back()
    {
        await using var nats = Connect();
        await using var subscription = await nats.SubscribeCoreAsync("kept");
        await nats.FlushAsync();
        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "the loss is noticed");
        var publishes = Enumerable.Range(0, 100).Select(i => nats.PublishAsync("kept", BitConverter.GetBytes(i)).AsTask()).ToArray();
        Assert.DoesNotContain(publishes, publish => publish.IsCompleted);
        await server.StartAsync();
        await Wait.ForAsync(Task.WhenAll(publishes));
        for (var i = 0; i < 100; i++) Assert.Equal(i, BitConverter.ToInt32((await subscription.NextAsync()).Data.Span));
    }

    [Fact]
    public async Task What_cannot_be_sent_in_time_fails_its_caller_and_is_not_sent_later()
    {
        var time = new ManualTime();
        await using var nats = Connect(opts => opts with { TimeProvider = time, CommandTimeout = TimeSpan.FromSeconds(5) });
        await using var reader = Connect();
        await using var subscription = await reader.SubscribeCoreAsync("late");
        await Task.WhenAll(nats.FlushAsync().AsTask(), reader.FlushAsync().AsTask());
        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "the loss is noticed");
        var publish = nats.PublishAsync("late", "never".Bytes()).AsTask();
        var flush = nats.FlushAsync().AsTask();
        var request = nats.RequestAsync("late", "never".Bytes(), timeout: TimeSpan.FromSeconds(1)).AsTask();
        var kept = nats.PublishAsync("late", "cancelled".Bytes(), cancellationToken: new CancellationToken(true));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await kept);
        await AdvanceUntil(time, publish, flush, request);
        await Assert.ThrowsAsync<NatsTimeoutException>(() => publish);
        await Assert.ThrowsAsync<NatsTimeoutException>(() => flush);
        await Assert.ThrowsAsync<NatsTimeoutException>(() => request);

        await server.StartAsync();
        await reader.PublishConfirmedUntilSentAsync("reader.is.back");
        var after = nats.PublishAsync("late", "after".Bytes()).AsTask();
        await AdvanceUntil(time, after);
        Assert.Equal("after", (await subscription.NextAsync()).Text());
    }

    [Fact]
    public async Task More_than_may_wait_is_refused_at_once()
    {
        await using var nats = Connect(opts => opts with { PendingBytesLimit = 1500 });
        await nats.FlushAsync();
        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "the loss is noticed");
        var first = nats.PublishAsync("x", new byte[900]).AsTask();
        await Assert.ThrowsAsync<NatsPendingLimitException>(async () => await nats.PublishAsync("x", new byte[300]));
        using var cancel = new CancellationTokenSource();
        var second = nats.PublishAsync("x", new byte[100], cancellationToken: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.ForAsync(second));
        var third = nats.PublishAsync("x", new byte[200]).AsTask();
        await Assert.ThrowsAsync<NatsPendingLimitException>(async () => await nats.PublishAsync("x"));
        await server.StartAsync();
        await Wait.ForAsync(Task.WhenAll(first, third));
    }

    [Fact]
    public async Task A_request_under_way_fails_fast_when_the_connection_breaks()
    {
        await using var nats = Connect();
        await using var service = await nats.SubscribeCoreAsync("silent");
        var request = nats.RequestAsync("silent").AsTask();
        var many = nats.RequestManyAsync("silent").ToListAsync().AsTask();
        await service.NextAsync();
        await service.NextAsync();
        await server.RestartAsync();
        await Assert.ThrowsAsync<NatsConnectionLostException>(() => Wait.ForAsync(request));
        await Assert.ThrowsAsync<NatsConnectionLostException>(() => Wait.ForAsync(many));
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync("nobody"));
    }

    [Fact]
    public async Task A_subscription_that_ends_after_a_number_of_messages_counts_across_connections()
    {
        await using var nats = Connect();
        await using var subscription = await nats.SubscribeCoreAsync("three", opts: new NatsSubOpts { MaxMsgs = 3 });
        await nats.PublishAsync("three");
        await nats.FlushAsync();
        await server.RestartAsync();
        await nats.PublishConfirmedUntilSentAsync("three");
        await nats.PublishAsync("three");
        await nats.PublishAsync("three");
        await nats.FlushAsync();
        Assert.Equal(3, await subscription.ReadAllAsync().CountAsync());
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync("three"));
    }

    [Fact]
    public async Task Another_server_of_the_list_takes_over()
    {
        await using var other = await NatsServer.StartAsync();
        await using var nats = Connect(opts => opts with { Url = $"{server.Url},{other.Url}", NoRandomize = true });
        await using var subscription = await nats.SubscribeCoreAsync("x");
        await nats.FlushAsync();
        Assert.Equal(server.Port, nats.ServerInfo!.Port);
        await server.KillAsync();
        await nats.PublishConfirmedUntilSentAsync("x");
        Assert.Equal(other.Port, nats.ServerInfo.Port);
        await subscription.NextAsync();
    }

    [Fact]
    public async Task The_first_connect_fails_at_once_or_keeps_trying_as_asked()
    {
        await server.KillAsync();
        await using var once = Connect();
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await once.ConnectAsync());
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await once.PublishAsync("x"));
        Assert.Equal(NatsConnectionState.Closed, once.ConnectionState);

        await using var patient = Connect(opts => opts with { RetryOnInitialConnect = true });
        await using var subscription = await patient.SubscribeCoreAsync("x");
        var publish = patient.PublishAsync("x", "waited".Bytes()).AsTask();
        var request = patient.RequestAsync("nobody").AsTask();
        await server.StartAsync();
        await Wait.ForAsync(publish);
        Assert.Equal("waited", (await subscription.NextAsync()).Text());
        await Assert.ThrowsAsync<NatsNoRespondersException>(() => Wait.ForAsync(request));
        await patient.ConnectAsync();
        await once.ConnectAsync();
    }

    [Fact]
    public async Task Giving_up_after_a_number_of_rounds_fails_everything_that_waits()
    {
        await using var nats = Connect(opts => opts with { MaxReconnectRetry = 3 });
        await using var events = nats.Events().GetAsyncEnumerator();
        await using var subscription = await nats.SubscribeCoreAsync("x");
        var reading = subscription.ReadAllAsync().CountAsync().AsTask();
        await nats.FlushAsync();
        await server.KillAsync();
        var closed = await events.NextAsync<NatsConnectionClosed>();
        Assert.IsType<NatsConnectionFailedException>(closed.Reason);
        Assert.Equal(NatsConnectionState.Failed, nats.ConnectionState);
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(reading));
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.PublishAsync("x"));
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.SubscribeCoreAsync("y"));
    }

    [Fact]
    public async Task A_new_connection_can_be_asked_for()
    {
        await using var nats = Connect();
        await using var subscription = await nats.SubscribeCoreAsync("x");
        await nats.FlushAsync();
        var before = nats.ServerInfo!.ClientId;
        await nats.ReconnectAsync();
        Assert.NotEqual(before, nats.ServerInfo.ClientId);
        await nats.PublishAsync("x", "after".Bytes());
        Assert.Equal("after", (await subscription.NextAsync()).Text());
    }

    [Fact]
    public async Task A_lame_duck_is_told_and_left_for_another_server()
    {
        await using var duck = await NatsServer.StartAsync("lame_duck_grace_period: \"1s\"\nlame_duck_duration: \"30s\"");
        await using var nats = Connect(opts => opts with { Url = $"{duck.Url},{server.Url}", NoRandomize = true });
        await using var events = nats.Events().GetAsyncEnumerator();
        await nats.ConnectAsync();
        await duck.SignalAsync("USR2");
        Assert.Equal($"127.0.0.1:{duck.Port}", (await events.NextAsync<NatsLameDuckMode>()).Server);
        Assert.Equal($"127.0.0.1:{server.Port}", (await events.NextAsync<NatsConnectionOpened>()).Server);
    }

    private static async Task AdvanceUntil(ManualTime time, params Task[] tasks)
    {
        using var deadline = new CancellationTokenSource(NatsServer.Deadline);
        while (!tasks.All(task => task.IsCompleted))
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(1, deadline.Token);
        }
    }

    private NatsConnection Connect(Func<NatsOpts, NatsOpts>? change = null) => server.Connect(opts =>
    {
        opts = opts with { ReconnectWaitMin = TimeSpan.FromMilliseconds(5), ReconnectJitter = TimeSpan.FromMilliseconds(5) };
        return change is null ? opts : change(opts);
    });
}
