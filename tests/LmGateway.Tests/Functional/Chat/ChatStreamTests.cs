using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Answers line by line: every line flushed, nothing lost, an end that says how it ended.</summary>
public sealed class ChatStreamTests
{
    [Theory]
    [InlineData("/chat/stream")]
    [InlineData("/chat/regular/stream")]
    [InlineData("/chat/vision/stream")]
    [Trait("req", "S1-17")]
    [Trait("req", "S1-19")]
    [Trait("req", "S1-21")]
    [Trait("req", "S1-49")]
    [Trait("req", "S1-50")]
    [Trait("req", "S1-51")]
    [Trait("req", "S1-52")]
    public async Task The_lines_are_fragments_and_one_done_with_the_real_token_count(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var lines = await gateway.StreamAsync(path, ChatReplies.Says("count to 3"));

        Assert.Equal(["""{"type":"fragment","content":"1"}""", """{"type":"fragment","content":", 2"}""", """{"type":"fragment","content":", 3"}"""], lines[..^1].Select(line => line.GetRawText()));
        var model = path.Contains("vision", StringComparison.Ordinal) ? ChatReplies.Vision : ChatReplies.Regular;
        Assert.Equal($$"""{"type":"done","model":"{{model}}","predicted_tokens":3,"stop_reason":"stop"}""", lines[^1].GetRawText());
    }

    [Fact]
    [Trait("req", "S1-52")]
    public async Task Defect_the_count_is_of_tokens_and_not_of_fragments()
    {
        await using var backend = ScriptedBackend.Streaming(ScriptedBackend.Chunk("several tokens at once", "stop")
            + """data: {"model":"scripted","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":4}}""" + "\n\ndata: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        var lines = await gateway.StreamAsync("/chat/stream", ChatReplies.Says("hi", "\"model_key\":\"scripted\""));

        Assert.Equal(2, lines.Count);
        Assert.Equal(4, lines[^1].GetProperty("predicted_tokens").GetInt32());
    }

    [Theory]
    [InlineData(false, "fragment,done")]
    [InlineData(true, "reasoning,fragment,done")]
    public async Task Reasoning_has_lines_of_its_own_when_asked_for(bool asked, string types)
    {
        await using var backend = ScriptedBackend.Streaming(
            """data: {"model":"scripted","choices":[{"index":0,"delta":{"reasoning":"hm"}}]}""" + "\n\n" + ScriptedBackend.Chunk("yes", "stop") + "data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        var lines = await gateway.StreamAsync("/chat/stream", ChatReplies.Says("hi", $"\"model_key\":\"scripted\",\"include_reasoning\":{(asked ? "true" : "false")}"));

        Assert.Equal(types, string.Join(',', lines.Select(line => line.GetProperty("type").GetString())));
        Assert.Equal(("yes", asked ? "hm" : ""), (lines.Text(), lines.Text("reasoning")));
    }

    [Theory]
    [InlineData(FaultKind.ErrorEvent, "Chat service unavailable: it broke")]
    [InlineData(FaultKind.ResetAfterTokens, "Chat service unavailable: ")]
    [InlineData(FaultKind.MalformedEvent, "Chat service unavailable: ")]
    [Trait("req", "S1-53")]
    public async Task Defect_a_failure_in_mid_stream_is_told_in_a_last_line(FaultKind kind, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = kind, Scope = "/v1/chat", Tokens = 3, Message = "it broke" });

        var lines = await gateway.StreamAsync("/chat/stream", ChatReplies.Says("count to 50"));

        Assert.Equal("1, 2, 3", lines.Text());
        Assert.Equal(["type", "error"], lines[^1].Names());
        Assert.Equal("error", lines[^1].GetProperty("type").GetString());
        Assert.StartsWith(words, lines[^1].GetProperty("error").GetString());
        Assert.DoesNotContain(lines, line => line.GetProperty("type").GetString() == "done");
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_failure_before_the_first_line_has_its_real_status()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = "/v1/chat", Message = "it broke" });

        var (status, body) = await gateway.PostJsonAsync("/chat/stream", ChatReplies.Says("hi"));

        Assert.Equal(503, status);
        Assert.Equal("Chat service unavailable: it broke", body.DetailText());
    }

    [Fact]
    [Trait("req", "S1-54")]
    public async Task Nothing_is_sent_while_waiting_and_each_line_as_soon_as_it_is_there()
    {
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            await first.Task.WaitAsync(cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + ScriptedBackend.Chunk("one")), cancellationToken);
            await second.Task.WaitAsync(cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(ScriptedBackend.Chunk("two", "stop") + "data: [DONE]\n\n"), cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, options => options with
        {
            Scheduling = new SchedulingOptions { HoldHeadersSeconds = 0, KeepAliveSeconds = 1 },
        });
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
        await using var wire = client.GetStream();
        var body = ChatReplies.Says("hi", "\"model_key\":\"scripted\"");
        await wire.WriteAsync(Encoding.ASCII.GetBytes($"POST /chat/stream HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        await Eventually.TrueAsync(() => backend.Open == 1, "the backend has the request");
        Assert.Equal(0, client.Available);

        using var reader = new StreamReader(wire);
        first.SetResult();
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync());
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
            // The head; the first chunk of the body follows it.
        }

        await reader.ReadLineAsync();
        Assert.Equal("""{"type":"fragment","content":"one"}""", await reader.ReadLineAsync());
        second.SetResult();
        Assert.Contains("""{"type":"fragment","content":"two"}""", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task A_caller_that_leaves_ends_the_generation()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 50 });
        foreach (var path in new[] { "/chat/stream", "/chat" })
        {
            gateway.Simulator.State.Counters.Reset();
            using var leaving = new CancellationTokenSource();
            var reading = ReadAsync(gateway, path, leaving.Token);
            await Eventually.TrueAsync(() => gateway.Counters().OpenStreams == 1, "the model speaks");
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            await Eventually.TrueAsync(() => gateway.Counters().Cancels == 1, "the generation was cancelled");
        }

        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    [Trait("req", "S1-50")]
    public async Task Two_hundred_streams_at_once_lose_no_fragment()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { ParallelSessions = 16 });

        var streams = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => gateway.StreamAsync("/chat/regular/stream", ChatReplies.Says(number % 2 == 0 ? $"count to {number + 10}" : $"stream {number} 👑 says this"))));

        for (var number = 0; number < streams.Length; number++)
        {
            var lines = streams[number];
            Assert.Equal(number % 2 == 0 ? string.Join(", ", Enumerable.Range(1, number + 10)) : $"You said: stream {number} 👑 says this", lines.Text());
            Assert.Equal("done", lines[^1].GetProperty("type").GetString());
            Assert.All(lines[..^1], line => Assert.Equal("fragment", line.GetProperty("type").GetString()));
            if (number % 2 == 0) Assert.Equal(number + 10, lines[^1].GetProperty("predicted_tokens").GetInt32());
        }

        Assert.Equal(1, gateway.Counters().LoadsStarted);
        await gateway.NothingIsLeftAsync();
    }

    private static async Task ReadAsync(GatewayUnderTest gateway, string path, CancellationToken cancellationToken)
    {
        using var response = await gateway.PostAsync(path, ChatReplies.Says("count to 100000"), cancellationToken);
        await response.Content.ReadAsStringAsync(cancellationToken);
    }
}
