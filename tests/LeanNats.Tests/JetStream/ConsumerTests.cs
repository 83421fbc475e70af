using LeanNats.JetStream;
using LeanNats.JetStream.Models;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.JetStream;

public sealed class ConsumerTests(JetStreamServer shared) : IClassFixture<JetStreamServer>, IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    private readonly string name = Nuid.Next();
    private NatsConnection nats = null!;
    private NatsJSContext js = null!;

    public async ValueTask InitializeAsync()
    {
        nats = shared.Server.Connect();
        js = new NatsJSContext(nats);
        await Streams.AddAsync(js, name);
    }

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task A_consumer_is_made_changed_listed_and_deleted()
    {
        var config = new ConsumerConfig { DurableName = "c", AckWait = TimeSpan.FromSeconds(9), FilterSubject = $"{name}.0" };
        var made = await js.CreateConsumerAsync(name, config);
        Assert.Equal(("c", TimeSpan.FromSeconds(9), name), (made.Info.Name, made.Info.Config.AckWait, made.Info.StreamName));
        await js.CreateOrUpdateConsumerAsync(name, made.Info.Config with { AckWait = TimeSpan.FromSeconds(8) });
        Assert.Equal(TimeSpan.FromSeconds(8), (await js.GetConsumerAsync(name, "c")).Info.Config.AckWait);
        await js.UpdateConsumerAsync(name, made.Info.Config with { AckWait = TimeSpan.FromSeconds(7) });
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.Single(await js.ListConsumersAsync(name).TakeAsync(2)).Info.Config.AckWait);
        await js.DeleteConsumerAsync(name, "c");
        var gone = await Assert.ThrowsAsync<NatsJSApiException>(async () => await made.RefreshAsync());
        Assert.Equal(JSErrCode.ConsumerNotFound, gone.Error.ErrCode);
    }

    [Fact]
    public async Task Several_filters_are_honoured_or_refused_but_never_ignored()
    {
        await Streams.FillAsync(js, name, 4);
        await js.PublishAsync($"{name}.other", "x".Bytes());
        var config = new ConsumerConfig { Name = "f", FilterSubjects = [$"{name}.0", $"{name}.1"] };
        if (nats.ServerInfo!.Version!.StartsWith("2.9.", StringComparison.Ordinal))
        {
            await Assert.ThrowsAsync<NatsJSException>(async () => await js.CreateConsumerAsync(name, config));
            Assert.Empty(await js.ListConsumersAsync(name).TakeAsync(1));
            return;
        }

        Assert.Equal(4UL, (await js.CreateConsumerAsync(name, config)).Info.NumPending);
    }

    [Fact]
    public async Task A_fetch_gives_what_comes_until_its_time_is_over()
    {
        await Streams.FillAsync(js, name, 5);
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c" });
        Assert.Equal(["m1", "m2"], (await consumer.FetchAsync(new NatsJSFetchOpts { MaxMsgs = 2 }).TakeAsync(9)).Select(m => m.Text()));
        Assert.Equal(
            ["m3", "m4", "m5"], (await consumer.FetchAsync(new NatsJSFetchOpts { MaxMsgs = 9, Expires = Short }).TakeAsync(9)).Select(m => m.Text()));
        Assert.Null(await consumer.NextAsync(Short));
    }

    [Fact]
    public async Task A_fetch_without_waiting_gives_what_is_there()
    {
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c" });
        Assert.Empty(await consumer.FetchNoWaitAsync().TakeAsync(1));
        await Streams.FillAsync(js, name, 3);
        Assert.Equal(["m1", "m2", "m3"], (await consumer.FetchNoWaitAsync().TakeAsync(9)).Select(m => m.Text()));
    }

    [Fact]
    public async Task A_message_tells_where_it_stands()
    {
        await Streams.FillAsync(js, name, 3);
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c", FilterSubject = $"{name}.1" });
        await consumer.NextAsync();
        var metadata = (await consumer.NextAsync())!.Value.Metadata;
        Assert.Equal((name, "c", 3UL, 2UL), (metadata.Stream, metadata.Consumer, metadata.StreamSequence, metadata.ConsumerSequence));
        Assert.Equal((1UL, 0UL), (metadata.NumDelivered, metadata.NumPending));
        Assert.InRange(DateTimeOffset.UtcNow - metadata.Timestamp, TimeSpan.FromHours(-1), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Acknowledged_messages_do_not_come_again_and_refused_ones_do()
    {
        await Streams.FillAsync(js, name, 4);
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c", AckWait = TimeSpan.FromHours(1) });
        var messages = await consumer.FetchAsync(new NatsJSFetchOpts { MaxMsgs = 4 }).TakeAsync(4);
        await messages[0].AckAsync(new AckOpts { DoubleAck = true });
        await messages[1].AckTerminateAsync(new AckOpts { DoubleAck = true });
        await messages[2].AckProgressAsync();
        await messages[2].NakAsync();
        Assert.Equal("m3", (await consumer.NextAsync())!.Value.Text());
        await messages[3].NakAsync(delay: TimeSpan.FromMilliseconds(1));
        var again = (await consumer.NextAsync())!.Value;
        Assert.Equal(("m4", 2UL), (again.Text(), again.Metadata.NumDelivered));
        await consumer.RefreshAsync();
        Assert.Equal(2, consumer.Info.NumAckPending);
        Assert.Equal(2UL, consumer.Info.AckFloor.StreamSeq);
    }

    [Fact]
    public async Task Consumption_goes_on_as_messages_come_and_asks_for_more_in_time()
    {
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c" });
        var reading = consumer.ConsumeAsync(new NatsJSConsumeOpts { MaxMsgs = 4 }).Acked().TakeAsync(50);
        await Streams.FillAsync(js, name, 50);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"m{i}"), (await Wait.ForAsync(reading)).Select(m => m.Text()));
    }

    [Fact]
    public async Task Consumption_goes_on_when_a_pull_runs_out()
    {
        await using var spy = await nats.SubscribeCoreAsync($"$JS.API.CONSUMER.MSG.NEXT.{name}.c");
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c" });
        var opts = new NatsJSConsumeOpts { Expires = TimeSpan.FromSeconds(1), IdleHeartbeat = TimeSpan.FromMilliseconds(500) };
        var reading = consumer.ConsumeAsync(opts).Acked().TakeAsync(2);
        for (var i = 0; i < 2; i++)
        {
            await spy.NextAsync();
            await spy.NextAsync(); // the one before has run out
            await js.PublishAsync($"{name}.x", "m".Bytes());
        }

        Assert.Equal(2, (await Wait.ForAsync(reading)).Count);
    }

    [Fact]
    public async Task Consumption_of_a_deleted_consumer_ends_with_an_error()
    {
        var consumer = await js.CreateConsumerAsync(name, new ConsumerConfig { DurableName = "c" });
        var opts = new NatsJSConsumeOpts { Expires = TimeSpan.FromSeconds(2), IdleHeartbeat = TimeSpan.FromMilliseconds(100) };
        var reading = consumer.ConsumeAsync(opts).TakeAsync(1);
        await js.DeleteConsumerAsync(name, "c");
        var ended = await Assert.ThrowsAnyAsync<NatsJSException>(() => Wait.ForAsync(reading));
        Assert.True(ended is NatsJSProtocolException or NatsJSApiException { Error.ErrCode: JSErrCode.ConsumerNotFound });
        await Assert.ThrowsAsync<NatsJSApiException>(() => consumer.ConsumeAsync(opts).TakeAsync(1));
    }
}

internal static class Acknowledging
{
    public static async IAsyncEnumerable<NatsJSMsg> Acked(this IAsyncEnumerable<NatsJSMsg> messages)
    {
        await foreach (var message in messages)
        {
            await message.AckAsync();
            yield return message;
        }
    }
}
