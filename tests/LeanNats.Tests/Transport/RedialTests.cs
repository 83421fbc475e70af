using System.Collections.Concurrent;
using LeanNats.Tests.Servers;
using LeanNats.Transport;

namespace LeanNats.Tests.Transport;

public sealed class RedialTests
{
    private readonly ManualTime time = new();
    private readonly ConcurrentQueue<NatsEvent> events = [];

    [Fact]
    public async Task The_waits_between_rounds_double_up_to_the_longest()
    {
        var redial = Redial(opts => opts with { ReconnectWaitMax = TimeSpan.FromSeconds(1) });
        using var stop = new CancellationTokenSource();
        var dialing = redial.AgainAsync(TimeSpan.MaxValue, stop.Token);
        var attempts = 1;
        foreach (var wait in new[] { 100, 200, 400, 800, 1000, 1000 })
        {
            await RoundAsync(attempts++);
            time.Advance(TimeSpan.FromMilliseconds(wait - 1));
            Assert.Equal(1, time.Waiting);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await RoundAsync(attempts);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.ForAsync(dialing));
    }

    [Fact]
    public async Task Jitter_comes_on_top()
    {
        var redial = Redial(opts => opts with { ReconnectJitter = TimeSpan.FromSeconds(10), MaxReconnectRetry = 2 });
        var dialing = redial.AgainAsync(TimeSpan.MaxValue, CancellationToken.None);
        await RoundAsync(1);
        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(1, time.Waiting);
        time.Advance(TimeSpan.FromMilliseconds(10_001));
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(dialing));
        Assert.Equal(2, events.Count);
    }

    [Fact]
    public async Task A_server_that_drops_at_once_is_not_called_in_a_tight_loop()
    {
        await using var server = new FakeServer();
        await using var nats = new NatsConnection(server.Opts with { TimeProvider = time, ReconnectWaitMin = TimeSpan.FromMilliseconds(100) });
        var greet = server.GreetAsync();
        await nats.ConnectAsync();
        (await greet).Dispose();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting && time.Waiting == 1, "the wait has begun");
        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.False(server.IsCalled);
        time.Advance(TimeSpan.FromMilliseconds(1));
        (await server.GreetAsync()).Dispose();
    }

    /// <summary>A round has failed, and the wait for the next one runs.</summary>
    private Task RoundAsync(int attempts) =>
        Wait.UntilAsync(() => events.OfType<NatsReconnectFailed>().Count() == attempts && time.Waiting == 1, $"round {attempts}");

    private Redial Redial(Func<NatsOpts, NatsOpts> change)
    {
        var opts = change(new NatsOpts
        {
            Url = $"nats://127.0.0.1:{NatsServer.FreePort()}", TimeProvider = time, ReconnectWaitMin = TimeSpan.FromMilliseconds(100), ReconnectJitter = TimeSpan.Zero,
        });
        return new Redial(opts, new ServerPool(opts), new Dialer(opts), events.Enqueue);
    }
}
