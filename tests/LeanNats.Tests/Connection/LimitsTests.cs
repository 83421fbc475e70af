using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

public sealed class LimitsTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string subject = Nuid.Next();

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1_048_575)]
    [InlineData(1_048_576)]
    public async Task Payloads_up_to_the_limit_arrive_whole(int size)
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject);
        var payload = new byte[size];
        new Random(size).NextBytes(payload);
        await nats.PublishAsync(subject, payload);
        Assert.Equal(payload, (await subscription.NextAsync()).Data.ToArray());
    }

    [Fact]
    public async Task A_payload_over_the_limit_is_a_typed_error_and_the_connection_stays()
    {
        await nats.ConnectAsync();
        var id = nats.ServerInfo!.ClientId;
        var refused = await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await nats.PublishAsync(subject, new byte[1_048_577]));
        Assert.Equal((1_048_577, 1_048_576), (refused.Size, refused.MaxPayload));
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await nats.RequestAsync(subject, new byte[1_048_577]));
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await nats.PublishConfirmedAsync(subject, new byte[1_048_577]));
        await nats.FlushAsync();
        Assert.Equal(id, nats.ServerInfo.ClientId);
    }

    [Fact]
    public async Task Headers_count_towards_the_limit()
    {
        var headers = new NatsHeaders { ["A"] = "b" };
        await using var subscription = await nats.SubscribeCoreAsync(subject);
        const int HeaderBytes = 10 + 6 + 2;
        await nats.PublishAsync(subject, new byte[1_048_576 - HeaderBytes], headers);
        Assert.Equal(1_048_576 - HeaderBytes, (await subscription.NextAsync()).Data.Length);
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(
            async () => await nats.PublishAsync(subject, new byte[1_048_577 - HeaderBytes], headers));
    }

    [Fact]
    public async Task Many_large_messages_at_once_arrive_whole()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject, opts: new NatsSubOpts { CapacityBytes = long.MaxValue });
        var publishes = Enumerable.Range(0, 64).Select(i =>
        {
            var payload = new byte[1_000_000];
            Array.Fill(payload, (byte)i);
            return nats.PublishAsync(subject, payload).AsTask();
        }).ToArray();
        await Wait.ForAsync(Task.WhenAll(publishes));
        for (var i = 0; i < publishes.Length; i++)
        {
            var data = (await subscription.NextAsync()).Data;
            Assert.Equal(1_000_000, data.Length);
            Assert.False(data.Span.ContainsAnyExcept((byte)i));
        }
    }

    [Fact]
    public async Task A_pooled_payload_can_be_given_back()
    {
        await using var subscription = await nats.SubscribeCoreAsync(subject, opts: new NatsSubOpts { PooledPayloads = true });
        for (var i = 0; i < 100; i++)
        {
            await nats.PublishAsync(subject, BitConverter.GetBytes(i));
            var message = await subscription.NextAsync();
            Assert.Equal(i, BitConverter.ToInt32(message.Data.Span));
            message.Recycle();
        }
    }
}
