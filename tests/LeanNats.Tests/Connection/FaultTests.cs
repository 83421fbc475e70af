using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Connection;

/// <summary>What servers and networks do wrong, frame by frame.</summary>
public sealed class FaultTests : IAsyncDisposable
{
    private readonly FakeServer server = new();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_stream_cut_at_any_byte_gives_the_messages_that_were_whole_and_a_new_connection()
    {
        const string Stream = "MSG a 1 3\r\none\r\nHMSG a 1 12 15\r\nNATS/1.0\r\n\r\ntwo\r\n";
        await using var nats = new NatsConnection(server.Opts);
        var greet = server.GreetAsync();
        await using var subscription = await nats.SubscribeCoreAsync("a");
        var client = await greet;
        for (var cut = 0; cut <= Stream.Length; cut++)
        {
            Assert.Equal("SUB a 1", await client.ReadUntilAsync("SUB"));
            greet = server.GreetAsync();
            await client.SendAsync(Stream[..cut]);
            client.Dispose();
            client = await Wait.ForAsync(greet);
            if (cut >= 16) Assert.Equal("one", (await subscription.NextAsync()).Text());
            if (cut >= Stream.Length) Assert.Equal("two", (await subscription.NextAsync()).Text());
            Assert.Equal(0, subscription.Msgs.Count);
        }

        client.Dispose();
    }

    [Fact]
    public async Task A_handshake_cut_at_any_byte_is_a_typed_error()
    {
        const string Greeting = $"INFO {FakeClient.Info} \r\n-ERR 'Authorization Violation'\r\n";
        for (var cut = 0; cut < Greeting.Length; cut += 3)
        {
            await using var nats = new NatsConnection(server.Opts);
            var connecting = nats.ConnectAsync().AsTask();
            using var client = await server.AcceptAsync();
            await client.SendAsync(Greeting[..cut]);
            client.Dispose();
            await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(connecting));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("PONG\r\n")]
    [InlineData("INFO not json \r\n")]
    [InlineData("MSG a 1 99999999999\r\n")]
    public async Task What_is_not_a_nats_server_is_refused(string greeting)
    {
        await using var nats = new NatsConnection(server.Opts);
        var connecting = nats.ConnectAsync().AsTask();
        using var client = await server.AcceptAsync();
        await client.SendAsync(greeting);
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(connecting));
    }

    [Fact]
    public async Task A_silent_server_is_given_up_in_time()
    {
        var time = new ManualTime();
        await using var nats = new NatsConnection(server.Opts with { TimeProvider = time, ConnectTimeout = TimeSpan.FromSeconds(2) });
        var connecting = nats.ConnectAsync().AsTask();
        using var client = await server.AcceptAsync();
        time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(connecting));
        await client.WaitForEndAsync();
    }

    [Fact]
    public async Task Garbage_in_the_middle_ends_the_connection_and_a_new_one_is_made()
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        await using var events = nats.Events().GetAsyncEnumerator();
        var again = server.GreetAsync();
        await client.SendAsync("MSG a 1 x\r\n");
        Assert.IsType<NatsProtocolViolationException>((await events.NextAsync<NatsConnectionDisconnected>()).Reason);
        (await Wait.ForAsync(again)).Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_message_for_nobody_and_broken_headers_do_no_harm()
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        await using var subscription = await nats.SubscribeCoreAsync("a");
        await client.ReadUntilAsync("SUB");
        await client.SendAsync("MSG a 99 2\r\nno\r\nHMSG a 1 9 11\r\nNOT NATS!ab\r\nMSG a 1 3\r\nyes\r\n");
        var broken = await subscription.NextAsync();
        Assert.Equal("ab", broken.Text());
        Assert.Throws<NatsHeaderParseException>(broken.EnsureSuccess);
        Assert.Equal("yes", (await subscription.NextAsync()).Text());
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_reply_whose_headers_are_broken_is_an_error_of_its_request()
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        var request = nats.RequestAsync("ask").AsTask();
        var inbox = (await client.ReadUntilAsync("PUB ask")).Split(' ')[2];
        await client.SendAsync($"HMSG {inbox} 1 9 9\r\nNOT NATS!\r\n");
        await Assert.ThrowsAsync<NatsHeaderParseException>(() => Wait.ForAsync(request));
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_ping_is_answered_at_any_time()
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        await client.SendAsync("PING\r\nping\r\n");
        Assert.Equal("PONG", await client.ReadLineAsync());
        Assert.Equal("PONG", await client.ReadLineAsync());
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_ping_behind_connect_is_answered_before_the_pong()
    {
        await using var nats = new NatsConnection(server.Opts);
        var connecting = nats.ConnectAsync().AsTask();
        using var client = await server.AcceptAsync();
        await client.SendAsync($"INFO {FakeClient.Info} \r\n");
        Assert.StartsWith("CONNECT", await client.ReadLineAsync());
        Assert.Equal("PING", await client.ReadLineAsync());
        await client.SendAsync("PING\r\n");
        Assert.Equal("PONG", await client.ReadLineAsync());
        await client.SendAsync("+OK\r\nPONG\r\nINFO {\"max_payload\":77}\r\n");
        await Wait.ForAsync(connecting);
        await Wait.UntilAsync(() => nats.ServerInfo!.MaxPayload == 77, "the second INFO is read");
        await Assert.ThrowsAsync<NatsPayloadTooLargeException>(async () => await nats.PublishAsync("a", new byte[78]));
        client.Dispose();
    }

    [Fact]
    public async Task Unanswered_pings_end_the_connection()
    {
        var time = new ManualTime();
        var (nats, client) = await ConnectAsync(server.Opts with { TimeProvider = time, PingInterval = TimeSpan.FromSeconds(10), MaxPingOut = 2 });
        await using var events = nats.Events().GetAsyncEnumerator();
        for (var ping = 0; ping < 3; ping++)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal("PING", await client.ReadLineAsync());
            if (ping == 0) await client.SendAsync("PONG\r\n");
            if (ping == 0) await WaitUntilReadAsync(nats, client);
        }

        time.Advance(TimeSpan.FromSeconds(10));
        Assert.IsType<NatsTimeoutException>((await events.NextAsync<NatsConnectionDisconnected>()).Reason);
        await client.WaitForEndAsync();
        await nats.DisposeAsync();
    }

    [Theory]
    [InlineData("Stale Connection")]
    [InlineData("Maximum Payload Violation")]
    [InlineData("Unknown Protocol Operation")]
    public async Task An_error_that_closes_the_connection_is_its_reason(string error)
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        await using var events = nats.Events().GetAsyncEnumerator();
        await client.SendAsync($"-ERR '{error}'\r\n");
        var reason = Assert.IsType<NatsServerException>((await events.NextAsync<NatsConnectionDisconnected>()).Reason);
        Assert.Equal(error, reason.Error);
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task An_error_that_keeps_the_connection_is_told()
    {
        var (nats, client) = await ConnectAsync(server.Opts);
        await using var events = nats.Events().GetAsyncEnumerator();
        await client.SendAsync("-ERR 'maximum subscriptions exceeded'\r\n");
        Assert.Equal("maximum subscriptions exceeded", (await events.NextAsync<NatsServerError>()).Error);
        Assert.Equal(NatsConnectionState.Open, nats.ConnectionState);
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_reads_nothing_holds_publishers_back_and_lets_them_go()
    {
        var opts = server.Opts with { WriterBufferSize = 64 * 1024, PendingBytesLimit = 4 * 1024 * 1024 };
        var (nats, client) = await ConnectAsync(opts);
        var publishes = new List<Task>();
        while (!publishes.Exists(publish => publish.IsFaulted)) publishes.Add(nats.PublishAsync("a", new byte[100_000]).AsTask());
        await Assert.ThrowsAsync<NatsPendingLimitException>(() => publishes.Find(publish => publish.IsFaulted)!);
        Assert.Contains(publishes, publish => !publish.IsCompleted);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var cancel = new CancellationTokenSource();
            var one = nats.PublishAsync("a", cancellationToken: cancel.Token);
            await cancel.CancelAsync();
            await one;
        });

        var accepted = publishes.Count(publish => !publish.IsFaulted);
        for (var i = 0; i < accepted; i++)
        {
            Assert.Equal("PUB a 100000", await client.ReadUntilAsync("PUB"));
            await client.ReadAsync(100_002);
        }

        await Wait.ForAsync(Task.WhenAll(publishes.Where(publish => !publish.IsFaulted)));
        client.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_cut_in_the_middle_of_a_frame_fails_its_caller_and_starts_whole_on_the_next()
    {
        var (nats, client) = await ConnectAsync(server.Opts with { WriterBufferSize = 1024 * 1024, PendingBytesLimit = long.MaxValue });
        var large = Enumerable.Range(0, 40).Select(i => nats.PublishAsync($"large.{i}", new byte[1_000_000]).AsTask()).ToArray();
        await client.ReadAsync(1_500_000);
        var again = server.AcceptAsync();
        client.Cut();
        using var next = await Wait.ForAsync(again);
        await next.GreetAsync();
        var first = await next.ReadLineAsync();
        Assert.Matches("^PUB large\\.[0-9]+ 1000000$", first);
        var index = int.Parse(first.Split(' ', '.')[2]);
        Assert.All(large.Take(index), publish => Assert.True(publish.IsCompleted));
        Assert.Contains(large.Take(index), publish => publish.IsFaulted);
        Assert.DoesNotContain(large.Skip(index), publish => publish.IsFaulted);
        Assert.All(large.Where(publish => publish.IsFaulted), publish => Assert.IsType<NatsConnectionLostException>(publish.Exception!.InnerException));
        await next.ReadAsync(1_000_002);
        for (var i = index + 1; i < large.Length; i++)
        {
            Assert.Equal($"PUB large.{i} 1000000", await next.ReadLineAsync());
            await next.ReadAsync(1_000_002);
        }

        next.Dispose();
        await nats.DisposeAsync();
    }

    [Fact]
    public async Task Servers_that_the_server_tells_of_are_used_when_it_is_gone()
    {
        await using var second = new FakeServer();
        var (nats, client) = await ConnectAsync(server.Opts);
        await client.SendAsync($"INFO {{\"connect_urls\":[\"127.0.0.1:{second.Port}\"]}} \r\n");
        await WaitUntilReadAsync(nats, client);
        var there = second.GreetAsync();
        await server.DisposeAsync();
        client.Dispose();
        (await Wait.ForAsync(there)).Dispose();
        await nats.DisposeAsync();
    }

    private static async Task WaitUntilReadAsync(NatsConnection nats, FakeClient client)
    {
        var flush = nats.FlushAsync().AsTask();
        Assert.Equal("PING", await client.ReadLineAsync());
        await client.SendAsync("PONG\r\n");
        await Wait.ForAsync(flush);
    }

    private async Task<(NatsConnection Nats, FakeClient Client)> ConnectAsync(NatsOpts opts)
    {
        var nats = new NatsConnection(opts with { ConnectTimeout = opts.TimeProvider == TimeProvider.System ? TimeSpan.FromSeconds(2) : NatsServer.Deadline });
        var greet = server.GreetAsync();
        await Wait.ForAsync(nats.ConnectAsync().AsTask());
        return (nats, await greet);
    }
}
