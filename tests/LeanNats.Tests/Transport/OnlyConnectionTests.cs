using LeanNats.Tests.Servers;
using LeanNats.Transport;

namespace LeanNats.Tests.Transport;

/// <summary>What may go out over one connection alone neither waits for another one nor goes out there.</summary>
public sealed class OnlyConnectionTests
{
    private readonly string subject = Nuid.Next();

    [Fact]
    public async Task It_fails_at_once_while_there_is_no_connection()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = server.Connect();
        await nats.ConnectAsync();
        var line = nats.Outgoing.Writer;
        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "the connection is lost");
        await Assert.ThrowsAsync<NatsConnectionLostException>(() => Wait.ForAsync(AskAsync(nats, line)));
    }

    [Fact]
    public async Task It_does_not_go_out_over_the_next_connection()
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = server.Connect();
        await using var requests = await nats.SubscribeCoreAsync(subject);
        await nats.ConnectAsync();
        var line = nats.Outgoing.Writer;
        await nats.ReconnectAsync();
        await Assert.ThrowsAsync<NatsConnectionLostException>(() => Wait.ForAsync(AskAsync(nats, line)));
        var asking = AskAsync(nats, nats.Outgoing.Writer);
        await (await requests.NextAsync()).ReplyAsync("yes".Bytes());
        Assert.Equal("yes", (await Wait.ForAsync(asking)).Text());
        Assert.False(requests.Msgs.TryRead(out _));
    }

    [Fact]
    public async Task It_fails_when_its_connection_is_lost_while_it_waits_for_room()
    {
        await using var server = new FakeServer();
        await using var nats = new NatsConnection(server.Opts with { WriterBufferSize = 1 });
        var greeting = server.GreetAsync();
        await nats.ConnectAsync();
        var client = await greeting;
        var line = nats.Outgoing.Writer;
        // Nobody reads at the other end: what the socket does not take fills the buffer, and the last ones wait for room.
        var asking = Enumerable.Range(0, 40).Select(_ => AskAsync(nats, line, new byte[1_000_000])).ToArray();
        client.Cut();
        foreach (var asked in asking) await Assert.ThrowsAsync<NatsConnectionLostException>(() => Wait.ForAsync(asked));
    }

    private Task<NatsMsg> AskAsync(NatsConnection nats, SessionWriter? line, byte[]? data = null) =>
        nats.RequestAsync(new RequestTerms(subject, data, Timeout: TimeSpan.FromHours(1), Only: line), CancellationToken.None).AsTask();
}
