using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

public sealed class PublishSubscribeTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string subject = Nuid.Next();

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task A_message_arrives_with_everything_it_was_given()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject);
        var headers = new NatsHeaders { ["X-A"] = new[] { "1", "2" }, ["x-a"] = "olá" };
        await nats.PublishAsync(subject, "line\r\nbreak".Bytes(), headers, "answer.here");

        var message = await subscription.NextAsync();
        Assert.Equal((subject, "answer.here", "line\r\nbreak"), (message.Subject, message.ReplyTo, message.Text()));
        Assert.Equal(headers, message.Headers);
        Assert.Same(nats, message.Connection);
        Assert.Equal(subject.Length + 11 + 39 + 11, message.Size);
    }

    [Fact]
    public async Task A_message_without_payload_and_headers_is_empty()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject);
        await nats.PublishAsync(subject);
        var message = await subscription.NextAsync();
        Assert.True(message.IsEmpty);
        Assert.Null(message.ReplyTo);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await message.ReplyAsync());
    }

    [Fact]
    public async Task Messages_of_one_publisher_keep_their_order_awaited_or_not()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject + ".>", opts: new NatsSubOpts { Capacity = 100_000 });
        var publishes = new List<Task>();
        for (var i = 0; i < 50_000; i++)
        {
            var publish = nats.PublishAsync($"{subject}.{i}", new byte[i % 300]).AsTask();
            if (i % 1000 == 0) await publish;
            else publishes.Add(publish);
        }

        await Wait.ForAsync(Task.WhenAll(publishes));
        for (var i = 0; i < 50_000; i++)
        {
            var message = await subscription.NextAsync();
            Assert.Equal($"{subject}.{i}", message.Subject);
            Assert.Equal(i % 300, message.Data.Length);
        }
    }

    [Fact]
    public async Task Many_publishers_at_once_lose_nothing()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject, opts: new NatsSubOpts { Capacity = 100_000 });
        await Wait.ForAsync(Task.WhenAll(Enumerable.Range(0, 16).Select(publisher => Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++) await nats.PublishAsync(subject, BitConverter.GetBytes((publisher * 2000) + i));
        }))));

        var seen = new HashSet<int>();
        while (seen.Count < 32_000) Assert.True(seen.Add(BitConverter.ToInt32((await subscription.NextAsync()).Data.Span)));
        Assert.Equal(0, subscription.DroppedMessages);
    }

    [Fact]
    public async Task Leaving_an_enumeration_unsubscribes()
    {
        await using var other = shared.Server.Connect();
        await nats.ConnectAsync();
        var messages = nats.SubscribeAsync(subject).GetAsyncEnumerator();
        var first = messages.MoveNextAsync().AsTask();
        await nats.FlushAsync();
        await other.PublishAsync(subject);
        Assert.True(await Wait.ForAsync(first));
        await messages.DisposeAsync();
        await nats.FlushAsync();
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await other.RequestAsync(subject));
    }

    [Fact]
    public async Task Cancelling_ends_an_enumeration()
    {
        using var cancel = new CancellationTokenSource();
        await using var messages = nats.SubscribeAsync(subject).GetAsyncEnumerator(cancel.Token);
        var next = messages.MoveNextAsync().AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.ForAsync(next));
    }

    [Fact]
    public async Task A_queue_group_shares_the_work_and_others_get_all()
    {
        var members = new List<NatsSubscription>();
        for (var i = 0; i < 3; i++) members.Add(await nats.SubscribeCoreAsync(subject, "workers"));
        await using var plain = await nats.SubscribeCoreAsync(subject);
        for (var i = 0; i < 300; i++) await nats.PublishAsync(subject);
        await nats.FlushAsync();

        Assert.Equal(300, plain.Msgs.Count);
        Assert.Equal(300, members.Sum(member => member.Msgs.Count));
        Assert.All(members, member => Assert.True(member.Msgs.Count > 0));
    }

    [Fact]
    public async Task A_subscription_can_end_after_a_number_of_messages()
    {
        var subscription = await nats.SubscribeCoreAsync(subject, opts: new NatsSubOpts { MaxMsgs = 3 });
        for (var i = 0; i < 5; i++) await nats.PublishAsync(subject, BitConverter.GetBytes(i));
        await nats.FlushAsync();
        var read = new List<int>();
        await foreach (var message in subscription.ReadAllAsync()) read.Add(BitConverter.ToInt32(message.Data.Span));
        Assert.Equal([0, 1, 2], read);
        await Assert.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync(subject));
    }

    [Fact]
    public async Task Without_echo_the_own_messages_stay_away()
    {
        await using var quiet = shared.Server.Connect(opts => opts with { Echo = false });
        await using var subscription = await quiet.SubscribeCoreAsync(subject);
        await quiet.PublishAsync(subject, "own".Bytes());
        await quiet.FlushAsync();
        await nats.PublishAsync(subject, "foreign".Bytes());
        Assert.Equal("foreign", (await subscription.NextAsync()).Text());
    }

    [Fact]
    public async Task Draining_a_subscription_keeps_what_has_come_and_ends()
    {
        var subscription = await nats.SubscribeCoreAsync(subject);
        await using var other = shared.Server.Connect();
        await nats.FlushAsync();
        for (var i = 0; i < 1000; i++) await other.PublishAsync(subject);
        await other.FlushAsync();
        await subscription.DrainAsync();
        await other.PublishConfirmedAsync(subject, "late".Bytes());
        await nats.FlushAsync();

        var read = 0;
        await foreach (var message in subscription.ReadAllAsync())
        {
            read++;
            Assert.True(message.IsEmpty);
        }

        Assert.Equal(1000, read);
    }

    [Fact]
    public async Task A_slow_reader_loses_messages_of_its_own_subscription_only_and_is_told()
    {
        await using var events = nats.Events().GetAsyncEnumerator();
        await using var slow = await nats.SubscribeCoreAsync(subject, opts: new NatsSubOpts { Capacity = 10 });
        await using var quick = await nats.SubscribeCoreAsync(subject);
        for (var i = 0; i < 100; i++) await nats.PublishAsync(subject);
        await nats.FlushAsync();

        Assert.Equal((10, 90), (slow.Msgs.Count, slow.DroppedMessages));
        Assert.Equal((100, 0), (quick.Msgs.Count, quick.DroppedMessages));
        Assert.Equal(subject, (await events.NextAsync<NatsSlowConsumer>()).Subject);
    }

    [Fact]
    public async Task A_reader_that_wants_all_is_waited_for()
    {
        await using var subscription = await nats.SubscribeCoreAsync(
            subject, opts: new NatsSubOpts { Capacity = 4, FullMode = NatsFullMode.Wait, FullWait = NatsServer.Deadline });
        for (var i = 0; i < 1000; i++) await nats.PublishAsync(subject, BitConverter.GetBytes(i));
        for (var i = 0; i < 1000; i++) Assert.Equal(i, BitConverter.ToInt32((await subscription.NextAsync()).Data.Span));
        Assert.Equal(0, subscription.DroppedMessages);
    }

    [Fact]
    public async Task Bad_subjects_are_refused_before_anything_is_sent()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.PublishAsync("a b"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.PublishAsync("a.*"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.PublishAsync("a", replyTo: "b\r\n"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.RequestAsync("a..b"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.SubscribeCoreAsync("a b"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await nats.SubscribeCoreAsync("a", "q q"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await nats.SubscribeCoreAsync("a", opts: new NatsSubOpts { MaxMsgs = 0 }));
        await nats.FlushAsync();
    }
}
