using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.JetStream;

public sealed class OrderedConsumerTests(JetStreamServer shared) : IClassFixture<JetStreamServer>
{
    private static readonly NatsJSConsumeOpts Small = new() { MaxMsgs = 20, IdleHeartbeat = TimeSpan.FromMilliseconds(500) };

    private readonly string name = Nuid.Next();

    [Fact]
    public async Task It_reads_from_where_it_is_told()
    {
        await using var nats = shared.Server.Connect();
        var js = new NatsJSContext(nats);
        await Streams.AddAsync(js, name);
        await Streams.FillAsync(js, name, 6);
        Assert.Equal(["m1", "m2"], await ReadAsync(new NatsJSOrderedConsumerOpts(), 2));
        Assert.Equal(["m5", "m6"], await ReadAsync(new NatsJSOrderedConsumerOpts { DeliverPolicy = ConsumerConfigDeliverPolicy.LastPerSubject }, 2));
        var fourth = new NatsJSOrderedConsumerOpts { DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence, OptStartSeq = 4 };
        Assert.Equal(["m4", "m5"], await ReadAsync(fourth, 2));
        Assert.Equal(["m2", "m4"], await ReadAsync(new NatsJSOrderedConsumerOpts { FilterSubject = $"{name}.0" }, 2));
        var headers = await js.CreateOrderedConsumerAsync(name, new NatsJSOrderedConsumerOpts { HeadersOnly = true });
        Assert.Equal(6UL, headers.Info.NumPending);
        var message = Assert.Single(await headers.ConsumeAsync().TakeAsync(1));
        Assert.Equal(("2", ""), (message.Headers!["Nats-Msg-Size"].ToString(), message.Text()));
        await Wait.UntilAsync(() => !js.ListConsumersAsync(name).ToBlockingEnumerable().Any(), "the consumers are gone");

        async Task<List<string>> ReadAsync(NatsJSOrderedConsumerOpts opts, int count) =>
            (await (await js.CreateOrderedConsumerAsync(name, opts)).ConsumeAsync().TakeAsync(count)).ConvertAll(m => m.Text());
    }

    [Fact]
    public async Task What_comes_while_the_connection_is_cut_comes_in_order_and_once()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var writer = shared.Server.Connect();
        var js = new NatsJSContext(writer);
        await Streams.AddAsync(js, name);
        await using var nats = Through(proxy);
        var consumer = await new NatsJSContext(nats).CreateOrderedConsumerAsync(
            name, new NatsJSOrderedConsumerOpts { DeliverPolicy = ConsumerConfigDeliverPolicy.New, ConsumeOpts = Small });
        var seen = new List<string>();
        var reading = Task.Run(async () =>
        {
            await foreach (var message in consumer.ConsumeAsync())
            {
                lock (seen) seen.Add(message.Text());
                if (message.Text() == "m300") break;
            }
        });
        proxy.Cut(); // before the first message: what is new is new from the beginning
        for (var i = 1; i <= 300; i++)
        {
            await js.PublishAsync($"{name}.x", $"m{i}".Bytes());
            if (i % 100 == 50) proxy.Cut();
        }

        await Wait.ForAsync(reading);
        Assert.Equal(Enumerable.Range(1, 300).Select(i => $"m{i}"), seen);
    }

    [Fact]
    public async Task It_goes_on_after_the_server_was_killed_and_tells_when_nothing_is_left()
    {
        await using var server = await NatsServer.StartAsync(jetStream: true);
        await using var nats = server.Connect(opts => opts with { ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        var js = new NatsJSContext(nats);
        await Streams.AddAsync(js, name);
        await Streams.FillAsync(js, name, 3);
        var nothing = new TaskCompletionSource();
        var consumer = await js.CreateOrderedConsumerAsync(
            name, new NatsJSOrderedConsumerOpts { ConsumeOpts = Small, OnNothingPending = () => nothing.TrySetResult() });
        await using var messages = consumer.ConsumeAsync().GetAsyncEnumerator();
        for (var i = 1; i <= 3; i++)
        {
            Assert.True(await Wait.ForAsync(messages.MoveNextAsync().AsTask()));
            Assert.Equal($"m{i}", messages.Current.Text());
        }

        Assert.False(nothing.Task.IsCompleted);
        var next = messages.MoveNextAsync().AsTask();
        await server.RestartAsync();
        await Wait.ForAsync(nothing.Task);
        await js.PublishAsync($"{name}.x", "after".Bytes());
        Assert.True(await Wait.ForAsync(next));
        Assert.Equal("after", messages.Current.Text());
    }

    [Fact]
    public async Task It_is_made_anew_when_the_server_forgot_it()
    {
        await using var nats = shared.Server.Connect();
        var js = new NatsJSContext(nats);
        await Streams.AddAsync(js, name);
        var consumer = await js.CreateOrderedConsumerAsync(name, new NatsJSOrderedConsumerOpts { ConsumeOpts = Small });
        var reading = consumer.ConsumeAsync().TakeAsync(1);
        await js.DeleteConsumerAsync(name, consumer.Info.Name);
        await js.PublishAsync($"{name}.x", "after".Bytes());
        Assert.Equal("after", Assert.Single(await Wait.ForAsync(reading)).Text());
    }

    [Fact]
    public async Task A_deleted_stream_ends_it_with_an_error()
    {
        await using var nats = shared.Server.Connect();
        var js = new NatsJSContext(nats);
        await Streams.AddAsync(js, name);
        var reading = (await js.CreateOrderedConsumerAsync(name, new NatsJSOrderedConsumerOpts { ConsumeOpts = Small })).ConsumeAsync().TakeAsync(1);
        await js.DeleteStreamAsync(name);
        var gone = await Assert.ThrowsAsync<NatsJSApiException>(() => Wait.ForAsync(reading));
        Assert.Equal(JSErrCode.StreamNotFound, gone.Error.ErrCode);
    }

    private NatsConnection Through(CuttingProxy proxy) =>
        shared.Server.Connect(opts => opts with { Url = proxy.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(5), ReconnectJitter = TimeSpan.Zero });
}
