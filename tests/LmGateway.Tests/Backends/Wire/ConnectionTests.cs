using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using LmGateway.Backends.Wire;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>How connections are made, tried again, and kept.</summary>
public sealed class ConnectionTests
{
    private static readonly string Chat = """{"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"count to 3"}]}""";

    [Fact]
    [Trait("req", "S2-51")]
    public async Task A_connection_that_cannot_be_made_is_tried_again_after_pauses_that_double()
    {
        var time = new ManualTime();
        using var upstream = Upstream("http://127.0.0.1:9", time, retries: 3);
        var sending = upstream.AskAsync(Exchange(), TestContext.Current.CancellationToken);
        foreach (var pause in new[] { 250, 500, 1000 })
        {
            await Eventually.TrueAsync(() => time.Pending == 1, "it pauses");
            time.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.Equal(1, time.Pending);
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        var failure = await Assert.ThrowsAsync<GatewayException>(() => sending);
        Assert.Equal(ErrorCode.BackendUnreachable, failure.Error.Code);
        Assert.Equal(0, time.Pending);
    }

    [Fact]
    [Trait("req", "S2-51")]
    public async Task A_server_that_comes_up_meanwhile_gets_the_request_once()
    {
        var (time, port) = (new ManualTime(), FreePort());
        using var upstream = Upstream($"http://127.0.0.1:{port}", time, retries: 1);
        var sending = upstream.AskAsync(Exchange(), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => time.Pending == 1, "it pauses");
        await using var server = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 }, port, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMilliseconds(250));
        await using var reply = await sending;
        Assert.Equal(200, reply.Status);
        Assert.Single(server.State.Counters.LastRequests);
    }

    [Fact]
    public async Task A_caller_that_leaves_during_a_pause_ends_it()
    {
        var time = new ManualTime();
        using var leaving = new CancellationTokenSource();
        using var upstream = Upstream("http://127.0.0.1:9", time, retries: 3);
        var sending = upstream.AskAsync(Exchange(), leaving.Token);
        await Eventually.TrueAsync(() => time.Pending == 1, "it pauses");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(0, time.Pending);
    }

    [Fact]
    [Trait("req", "S2-08")]
    public async Task Requests_beyond_the_idle_connections_that_may_stay_close_their_own()
    {
        await using var server = await SimulatorServer.StartAsync(
            new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0, TimeToFirstToken = TimeSpan.FromMilliseconds(200), ParallelSessions = 8 }, cancellationToken: TestContext.Current.CancellationToken);
        using var upstream = Upstream(server.Address.ToString(), TimeProvider.System, maxIdle: 2);
        var replies = new ConcurrentBag<ExchangeReply>();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => replies.Add(await upstream.AskAsync(Exchange(), TestContext.Current.CancellationToken))));
        foreach (var reply in replies) await reply.DisposeAsync();
        var seen = server.State.Counters.LastRequests;
        Assert.Equal((5, 3), (seen.Count, seen.Count(request => request.Headers.GetValueOrDefault("Connection") == "close")));

        await (await upstream.AskAsync(Exchange(), TestContext.Current.CancellationToken)).DisposeAsync();
        Assert.NotEqual("close", server.State.Counters.LastRequests[^1].Headers.GetValueOrDefault("Connection"));
    }

    [Fact]
    public async Task A_caller_that_leaves_between_two_pieces_is_not_told_that_the_reply_has_ended()
    {
        await using var server = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 20 }, cancellationToken: TestContext.Current.CancellationToken);
        using var upstream = Upstream(server.Address.ToString(), TimeProvider.System);
        using var leaving = new CancellationTokenSource();
        var streamed = Exchange() with { Body = Serving.Dialects.Wire.Whole(Chat.Replace("{\"model\"", "{\"stream\":true,\"model\"", StringComparison.Ordinal)), Streamed = true };
        await using var reply = await upstream.AskAsync(streamed, TestContext.Current.CancellationToken);
        await using var blocks = reply.Blocks(leaving.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await blocks.MoveNextAsync());
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await blocks.MoveNextAsync());
    }

    private static HttpUpstream Upstream(string address, TimeProvider time, int retries = 0, int? maxIdle = null) => new(
        new UpstreamSettings
        {
            Backend = "b",
            Program = "B",
            Address = new Uri(address),
            ConnectTimeout = TimeSpan.FromSeconds(30),
            MaxRetries = retries,
            RetryBackoff = TimeSpan.FromMilliseconds(250),
            MaxIdleConnections = maxIdle,
        },
        time);

    private static Exchange Exchange() => new()
    {
        Dialect = Dialect.OpenAiChat,
        Method = "POST",
        PathAndQuery = "/v1/chat/completions",
        ContentType = "application/json",
        Body = Serving.Dialects.Wire.Whole(Chat),
    };

    /// <summary>A port on which nobody listens, below those that the system hands out by itself.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(10_000, 30_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken; another one will do.
            }
        }
    }
}
