using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.JetStream;

public sealed class PublishTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private readonly string name = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsJSContext js = null!;
    private NatsJSStream stream = null!;

    public async ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        js = new NatsJSContext(nats);
        stream = await Streams.AddAsync(js, name);
    }

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task A_message_with_a_known_id_is_stored_once()
    {
        var opts = new NatsJSPubOpts { MsgId = "1" };
        var first = await js.PublishAsync($"{name}.a", "x".Bytes(), opts);
        var again = await js.PublishAsync($"{name}.a", "x".Bytes(), opts);
        Assert.Equal((name, 1UL, false), (first.Stream, first.Seq, first.Duplicate));
        Assert.Equal((1UL, true), (again.Seq, again.Duplicate));
    }

    [Fact]
    public async Task A_message_is_refused_when_the_stream_is_not_where_it_was_expected()
    {
        await js.PublishAsync($"{name}.a", "x".Bytes(), new NatsJSPubOpts { MsgId = "1" });
        await RefusedAsync(new NatsJSPubOpts { ExpectedLastSequence = 7 }, JSErrCode.WrongLastSequence);
        await RefusedAsync(new NatsJSPubOpts { ExpectedLastSubjectSequence = 0 }, JSErrCode.WrongLastSequence);
        await RefusedAsync(new NatsJSPubOpts { ExpectedLastMsgId = "2" }, JSErrCode.WrongLastMsgId);
        await RefusedAsync(new NatsJSPubOpts { ExpectedStream = "other" }, 10060);
        var all = new NatsJSPubOpts { ExpectedLastSequence = 1, ExpectedLastSubjectSequence = 1, ExpectedLastMsgId = "1", ExpectedStream = name };
        Assert.Equal(2UL, (await js.PublishAsync($"{name}.a", "y".Bytes(), all)).Seq);
        Assert.Equal(3UL, (await js.PublishAsync($"{name}.b", "y".Bytes(), new NatsJSPubOpts { ExpectedLastSubjectSequence = 0 })).Seq);

        async Task RefusedAsync(NatsJSPubOpts opts, int errCode)
        {
            var refused = await Assert.ThrowsAsync<NatsJSApiException>(async () => await js.PublishAsync($"{name}.a", "y".Bytes(), opts));
            Assert.Equal(errCode, refused.Error.ErrCode);
        }
    }

    [Fact]
    public async Task Headers_of_the_caller_are_kept_beside_those_of_JetStream()
    {
        var headers = new NatsHeaders { ["Mine"] = "1" };
        await js.PublishAsync($"{name}.a", "x".Bytes(), new NatsJSPubOpts { MsgId = "id" }, headers);
        var stored = await stream.GetAsync(new StreamMsgGetRequest { Seq = 1 });
        Assert.Equal(("1", "id"), (stored.Headers!["Mine"].ToString(), stored.Headers["Nats-Msg-Id"].ToString()));
        Assert.Single(headers);
    }

    [Fact]
    public async Task A_message_that_no_stream_takes_is_an_error() =>
        await Assert.ThrowsAsync<NatsNoRespondersException>(
            async () => await js.PublishAsync("nobody.takes.this", opts: new NatsJSPubOpts { RetryWaitBetweenAttempts = TimeSpan.FromMilliseconds(1) }));

    [Fact]
    public async Task Many_messages_at_once_are_stored_in_order()
    {
        await using var publisher = new NatsJSPublisher(js, new NatsJSPublisherOpts { MaxInFlight = 50 });
        for (var i = 1; i <= 1000; i++) await publisher.PublishAsync($"{name}.x", $"m{i}".Bytes());
        await publisher.FlushAsync();
        Assert.Equal(1000UL, publisher.LastSequence);
        await ExpectAsync(1000);
    }

    [Fact]
    public async Task Many_messages_over_cut_connections_are_stored_once_and_in_order()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var cut = shared.Server.Connect(
            opts => opts with { Url = proxy.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(2), ReconnectJitter = TimeSpan.Zero });
        await using var publisher = new NatsJSPublisher(new NatsJSContext(cut), new NatsJSPublisherOpts { MaxInFlight = 20 });
        for (var i = 1; i <= 2000; i++)
        {
            await publisher.PublishAsync($"{name}.x", $"m{i}".Bytes());
            if (i % 100 == 0) proxy.Cut();
        }

        await publisher.FlushAsync();
        await ExpectAsync(2000);
    }

    [Fact]
    public async Task A_refused_message_ends_the_publisher_with_its_error()
    {
        await js.UpdateStreamAsync(stream.Info.Config with { MaxMsgSize = 10 });
        await using var publisher = new NatsJSPublisher(js);
        await publisher.PublishAsync($"{name}.x", new byte[5]);
        await publisher.PublishAsync($"{name}.x", new byte[50]);
        await publisher.PublishAsync($"{name}.x", new byte[5]);
        await Assert.ThrowsAsync<NatsJSApiException>(async () => await publisher.FlushAsync());
    }

    [Fact]
    public async Task A_stream_that_lost_what_it_acknowledged_is_noticed()
    {
        await using var publisher = new NatsJSPublisher(js);
        for (var i = 0; i < 20; i++) await publisher.PublishAsync($"{name}.x", new byte[5]);
        await publisher.FlushAsync();
        await js.DeleteStreamAsync(name);
        await Streams.AddAsync(js, name);
        await publisher.PublishAsync($"{name}.x", new byte[5]);
        await Assert.ThrowsAsync<NatsJSException>(async () => await publisher.FlushAsync());
    }

    private async Task ExpectAsync(int count)
    {
        var consumer = await js.CreateOrderedConsumerAsync(name);
        Assert.Equal((ulong)count, consumer.Info.NumPending);
        Assert.Equal(Enumerable.Range(1, count).Select(i => $"m{i}"), (await consumer.ConsumeAsync().TakeAsync(count)).Select(m => m.Text()));
    }
}
