using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LmGateway.Backends.Wire;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.Wire;

/// <summary>The gateway's own connections to a backend, against a server that says exactly what it is told to.</summary>
public sealed class OwnConnectionsTests : IAsyncDisposable
{
    private const string Whole = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    private readonly SpokenServer server = new();

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Theory]
    [InlineData(Whole, "{}", 1)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nX-T: 1\r\n\r\n", "{}", 1)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX-A: 1\r\n\r\n" + Whole, "{}", 1)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "", 1)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}", 3)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "{}", 3)]
    [InlineData(Whole + "more than was said", "{}", 3)]
    [InlineData("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\n{}", "{}", 3)]
    public async Task Three_replies_are_read_over_as_few_connections_as_the_server_allows(string reply, string body, int connections)
    {
        server.Script = async (connection, _) =>
        {
            while (await connection.RequestAsync()) await connection.SayAsync(reply);
        };
        using var upstream = Upstream();
        for (var request = 0; request < 3; request++) Assert.Equal(body, await AskAsync(upstream));
        Assert.Equal(connections, server.Accepted);
    }

    [Theory]
    [InlineData(Whole, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n{}", false)]
    public async Task A_body_that_came_with_its_head_is_there_at_once_and_one_that_did_not_loses_nothing_by_being_asked_for(string reply, bool isWhole)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            await connection.SayAsync(reply);
            await asked.Task;
            if (!isWhole) await connection.SayAsync(reply.Contains("chunked", StringComparison.Ordinal) ? "1\r\n \r\n0\r\n\r\n" : " ");
        };
        using var upstream = Upstream();
        await using var answer = await upstream.SendOnceAsync(Request("{}"), Test);
        Assert.Equal(isWhole, answer.TryTakeWhole(out var body));
        asked.SetResult();
        var text = new StringBuilder(Encoding.UTF8.GetString(body.Span));
        if (!isWhole) await foreach (var block in answer.Blocks(Test)) text.Append(Encoding.UTF8.GetString(block.Span));
        Assert.Equal(isWhole ? "{}" : "{} ", text.ToString());
    }

    [Fact]
    public async Task A_chunk_that_is_none_is_the_backends_fault_however_it_is_read()
    {
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            await connection.SayAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n");
        };
        using var upstream = Upstream();
        await using var answer = await upstream.SendOnceAsync(Request("{}"), Test);
        Assert.Equal(ErrorCode.BackendFault, Assert.Throws<GatewayException>(() => answer.TryTakeWhole(out _)).Error.Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_says_nothing_is_given_up_when_the_time_is_over(bool isSilentAfterTheHead)
    {
        var time = new ManualTime();
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            if (isSilentAfterTheHead) await connection.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
            await connection.UntilGoneAsync();
        };
        using var upstream = Upstream(time: time);
        var asking = AskAsync(upstream, Request("{}") with { Timeout = TimeSpan.FromSeconds(7), IdleTimeout = isSilentAfterTheHead ? TimeSpan.FromSeconds(3) : null });
        await Eventually.TrueAsync(() => server.Requests == 1, "the server has the request");
        var limit = isSilentAfterTheHead ? 3 : 7;
        time.Advance(TimeSpan.FromSeconds(limit));
        var failure = await Assert.ThrowsAsync<GatewayException>(() => asking);
        Assert.Equal(ErrorCode.BackendTimeout, failure.Error.Code);
        Assert.StartsWith($"timeout of {limit}000ms exceeded", failure.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => server.Open == 0, "the server sees it");
    }

    [Fact]
    public async Task Replies_that_come_byte_by_byte_are_the_same()
    {
        server.Script = async (connection, _) =>
        {
            while (await connection.RequestAsync())
                foreach (var letter in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na;x=y\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n") await connection.SayAsync(letter.ToString());
        };
        using var upstream = Upstream();
        Assert.Equal(("0123456789!", "0123456789!"), (await AskAsync(upstream), await AskAsync(upstream)));
        Assert.Equal(1, server.Accepted);
    }

    [Fact]
    public async Task A_connection_that_was_closed_while_it_lay_idle_is_replaced_unnoticed()
    {
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            await connection.SayAsync(Whole);
        };
        using var upstream = Upstream();
        for (var request = 0; request < 3; request++)
        {
            Assert.Equal("{}", await AskAsync(upstream));
            await Eventually.TrueAsync(() => server.Open == 0, "the server has closed its side");
        }

        Assert.Equal((3, 3), (server.Accepted, server.Requests));
    }

    [Fact]
    public async Task A_new_connection_that_ends_without_a_word_is_not_tried_again()
    {
        server.Script = async (connection, _) => await connection.RequestAsync();
        using var upstream = Upstream();
        var failure = await Assert.ThrowsAsync<GatewayException>(() => AskAsync(upstream));
        Assert.Equal((ErrorCode.BackendUnreachable, 1), (failure.Error.Code, server.Requests));
    }

    [Theory]
    [InlineData("POST", 2)]
    [InlineData("GET", 3)]
    public async Task A_request_that_has_gone_out_is_sent_again_only_if_it_is_a_question(string method, int requests)
    {
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            await connection.SayAsync(Whole);
            await connection.RequestAsync();        // the second one is taken, and nothing is answered
        };
        using var upstream = Upstream();
        await AskAsync(upstream);
        var asking = AskAsync(upstream, Request("{}") with { Method = method });
        if (method == "GET") Assert.Equal("{}", await asking);
        else Assert.Equal(ErrorCode.BackendUnreachable, (await Assert.ThrowsAsync<GatewayException>(() => asking)).Error.Code);
        Assert.Equal(requests, server.Requests);
    }

    [Fact]
    public async Task Interim_replies_without_end_are_an_error()
    {
        server.Script = async (connection, _) =>
        {
            await connection.RequestAsync();
            while (true) await connection.SayAsync("HTTP/1.1 102 Processing\r\nX-Why: because\r\n\r\n");
        };
        using var upstream = Upstream();
        Assert.Equal(ErrorCode.BackendFault, (await Assert.ThrowsAsync<GatewayException>(() => AskAsync(upstream))).Error.Code);
    }

    [Fact]
    public async Task A_reply_that_was_let_go_cannot_be_read_any_more()
    {
        server.Script = async (connection, _) =>
        {
            while (await connection.RequestAsync()) await connection.SayAsync(Whole);
        };
        using var upstream = Upstream();
        var reply = await upstream.SendOnceAsync(Request("{}"), Test);
        await using var blocks = reply.Blocks(Test).GetAsyncEnumerator(Test);
        Assert.True(await blocks.MoveNextAsync());
        await reply.DisposeAsync();
        Assert.Equal("{}", await AskAsync(upstream));       // the same connection, if it was at its end
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await blocks.MoveNextAsync());
    }

    [Fact]
    public async Task A_body_of_any_size_arrives_whole_and_so_does_its_answer()
    {
        server.Script = async (connection, _) =>
        {
            while (await connection.RequestAsync()) await connection.SayAsync($"HTTP/1.1 200 OK\r\nContent-Length: {connection.Body.Length}\r\n\r\n{connection.Body}");
        };
        using var upstream = Upstream();
        foreach (var size in new[] { 1, 1000, 16 * 1024, (16 * 1024) + 1, 300_000, 5_000_000, 10 })
        {
            var body = string.Create(size, size, static (text, seed) => { for (var i = 0; i < text.Length; i++) text[i] = (char)('a' + ((i * 31 + seed) % 26)); });
            Assert.Equal(body, await AskAsync(upstream, body));
        }

        Assert.Equal(1, server.Accepted);
    }

    [Fact]
    public async Task A_server_that_refuses_before_it_has_read_everything_is_heard()
    {
        server.Script = async (connection, _) => await connection.RefuseAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var upstream = Upstream();
        await using var reply = await upstream.SendOnceAsync(Request(new string('x', 64)), Test);
        Assert.Equal(413, reply.Status);
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_the_exchange_in_the_server_before_and_after_the_head()
    {
        var gone = 0;
        server.Script = async (connection, number) =>
        {
            await connection.RequestAsync();
            if (number > 0) await connection.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
            await connection.UntilGoneAsync();
            Interlocked.Increment(ref gone);
        };
        using var upstream = Upstream();
        foreach (var expected in new[] { 1, 2 })
        {
            using var leaving = new CancellationTokenSource();
            var asking = AskAsync(upstream, "{}", leaving.Token);
            await Eventually.TrueAsync(() => server.Requests == expected, "the server has the request");
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
            await Eventually.TrueAsync(() => Volatile.Read(ref gone) == expected, "the server sees it");
        }
    }

    [Fact]
    public async Task Headers_go_out_as_they_are_and_the_backends_own_beside_them()
    {
        var seen = "";
        server.Script = async (connection, _) =>
        {
            while (await connection.RequestAsync())
            {
                seen = connection.Head;
                await connection.SayAsync(Whole);
            }
        };
        using var upstream = Upstream(token: "secret");
        await AskAsync(upstream, Request("{}") with { PathAndQuery = "/v1/a b?q=ä", Headers = [new Header("X-One", "1"), new Header("X-Bad", "a\r\nX-Forged: yes"), new Header("x-request-id", "r1")] });
        Assert.Equal($"POST /v1/a%20b?q=%C3%A4 HTTP/1.1\r\nHost: {server.Authority}\r\nX-One: 1\r\nx-request-id: r1\r\nAuthorization: Bearer secret\r\nContent-Type: application/json\r\nContent-Length: 2", seen);
        await AskAsync(upstream, Request("{}") with { Method = "GET", Body = default, Headers = [new Header("authorization", "Bearer caller's")] });
        Assert.Equal($"GET /v1/chat/completions HTTP/1.1\r\nHost: {server.Authority}\r\nauthorization: Bearer caller's", seen);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public void Nothing_that_is_sent_waits_for_more(string host)
    {
        using var socket = Http1Connection.NewSocket(IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, 1) : new DnsEndPoint(host, 1));
        Assert.True(socket.NoDelay);
    }

    private static async Task<string> AskAsync(HttpUpstream upstream, string body = "{}", CancellationToken cancellationToken = default) => await AskAsync(upstream, Request(body), cancellationToken);

    private static async Task<string> AskAsync(HttpUpstream upstream, Exchange exchange, CancellationToken cancellationToken = default)
    {
        await using var reply = await upstream.SendOnceAsync(exchange, cancellationToken);
        var text = new StringBuilder();
        await foreach (var block in reply.Blocks(cancellationToken)) text.Append(Encoding.UTF8.GetString(block.Span));
        return text.ToString();
    }

    private static Exchange Request(string body) => new()
    {
        Dialect = Dialect.OpenAiChat,
        Method = "POST",
        PathAndQuery = "/v1/chat/completions",
        ContentType = "application/json",
        Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)),
    };

    private HttpUpstream Upstream(string? token = null, TimeProvider? time = null) => new(
        new UpstreamSettings { Backend = "b", Program = "B", Address = new Uri($"http://{server.Authority}/"), ConnectTimeout = TimeSpan.FromSeconds(30), Token = token }, time ?? TimeProvider.System);
}
