using System.Net;
using System.Text.Json;
using LmGateway.Events;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>The event stream, on the wire (S4-52 to S4-57).</summary>
public sealed class DebugStreamTests
{
    private const string Key = "change-me-please";
    private const string Load = """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","loadConfig":{"contextLength":8192,"gpu":{"ratio":1.0}}}""";

    [Fact]
    [Trait("req", "S4-57")]
    public async Task The_stream_greets_and_is_a_stream_of_events_for_every_proxy()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http);
        Assert.Equal("text/event-stream", events.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no", events.Response.Headers.GetValues("X-Accel-Buffering").Single());
        var greeting = await events.ReadAsync();
        Assert.Equal("connected", greeting!.Name);
        Assert.Equal("Debug stream connected", greeting.Json.GetProperty("message").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", greeting.Json.GetProperty("timestamp").GetString());
    }

    [Fact]
    [Trait("req", "S4-52")]
    [Trait("req", "S4-53")]
    public async Task A_load_is_told_with_the_documented_members()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        await gateway.PostJsonAsync("/admin/models/load", Load);

        var heard = await events.ReadUntilAsync("model_load_complete");
        var started = heard.Single(sent => sent.Name == "model_load_start").Json;
        Assert.Equal("qwen2-1.5b-instruct", started.GetProperty("modelKey").GetString());
        Assert.Equal("primary", started.GetProperty("instanceId").GetString());
        Assert.Equal("""{"contextLength":8192,"gpu":{"ratio":1}}""", started.GetProperty("loadConfig").GetRawText());
        Assert.Contains(heard, sent => sent.Name == "model_load_progress" && sent.Json.GetProperty("progress").GetDouble() is >= 0 and <= 100);
        Assert.Contains(heard, sent => sent.Name == "model_activate" && sent.Json.GetProperty("modelKey").GetString() == "qwen2-1.5b-instruct");
        var done = heard[^1].Json;
        Assert.True(done.GetProperty("activated").GetBoolean());
        Assert.True(done.GetProperty("totalTimeMs").GetInt64() >= 0);
        Assert.Equal("primary", done.GetProperty("instanceId").GetString());
        Assert.Equal(8192, done.GetProperty("loadConfig").GetProperty("contextLength").GetInt32());
    }

    [Fact]
    [Trait("req", "S4-54")]
    [Trait("req", "S4-55")]
    public async Task An_unload_is_told_with_the_documented_members()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", Load);
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");

        var started = (await events.ReadUntilAsync("model_unload_start"))[^1].Json;
        Assert.Equal(("qwen2-1.5b-instruct", "primary"), (started.GetProperty("modelKey").GetString(), started.GetProperty("instanceId").GetString()));
        var done = (await events.ReadUntilAsync("model_unload_complete"))[^1].Json;
        Assert.Equal(("qwen2-1.5b-instruct", "primary"), (done.GetProperty("modelKey").GetString(), done.GetProperty("instanceId").GetString()));
        Assert.True(done.GetProperty("totalTimeMs").GetInt64() >= 0);
    }

    [Fact]
    public async Task A_request_is_told_from_its_start_to_its_tokens()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        using var request = GatewayUnderTest.Request("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
        request.Headers.Add("x-request-id", "mine-1");
        using var reply = await gateway.Http.SendAsync(request);

        var heard = await events.ReadUntilAsync("inference_complete");
        var started = heard.Single(sent => sent.Name == "inference_start").Json;
        Assert.Equal("mine-1", started.GetProperty("requestId").GetString());
        Assert.Equal(("POST", "/v1/chat/completions"), (started.GetProperty("method").GetString(), started.GetProperty("path").GetString()));
        var done = heard[^1].Json;
        Assert.Equal("mine-1", done.GetProperty("requestId").GetString());
        Assert.True(done.GetProperty("totalTimeMs").GetInt64() >= 0);
        Assert.True(done.GetProperty("tokenUsage").GetProperty("totalTokens").GetInt32() > 0);
    }

    [Theory]
    [InlineData("/admin/models/load", """{"modelKey":"invalid-model"}""", "model_load", "Model not found: invalid-model")]
    [InlineData("/v1/chat/completions", """{"model":"invalid-model","messages":[{"role":"user","content":"hi"}]}""", "inference", "invalid-model")]
    [InlineData("/v1/chat/completions", """{"messages":""", "inference", "")]
    public async Task A_failure_is_an_error_event_that_says_what_failed(string path, string body, string operation, string message)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        await gateway.PostJsonAsync(path, body);
        var failed = (await events.ReadUntilAsync("error"))[^1].Json;
        Assert.Equal(operation, failed.GetProperty("operation").GetString());
        Assert.Contains(message, failed.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.True(failed.TryGetProperty("totalTimeMs", out _));
    }

    [Fact]
    public async Task A_reader_that_comes_back_gets_what_it_missed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        string? last;
        await using (var events = await EventSource.OpenAsync(gateway.Http))
        {
            await events.ReadUntilAsync("connected");
            await gateway.PostJsonAsync("/admin/models/load", Load);
            await events.ReadUntilAsync("model_load_complete");
            last = events.LastId;
        }

        await gateway.PostJsonAsync("/admin/models/unload", """{"instanceId":"primary"}""");
        await using var again = await EventSource.OpenAsync(gateway.Http, after: last);
        var heard = await again.ReadUntilAsync("model_unload_complete");
        Assert.Equal(["connected", "model_unload_start", "model_unload_complete"], heard.Select(sent => sent.Name));
    }

    [Fact]
    public async Task A_reader_that_comes_back_to_another_process_is_told_that_events_are_lost()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http, after: "17");
        var lost = (await events.ReadUntilAsync("events_dropped"))[^1];
        Assert.Equal(JsonValueKind.Null, lost.Json.GetProperty("count").ValueKind);
    }

    [Fact]
    public async Task A_stream_without_events_is_kept_alive_every_thirty_seconds()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayUnderTest.StartAsync(time: time);
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        for (var i = 0; i < 2; i++)
        {
            var comment = CommentAsync(events);
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return comment.IsCompleted;
                },
                "a comment comes");
            Assert.Equal(new SentEvent(null, null, "keep-alive"), await comment);
        }
    }

    /// <summary>Events of the clock that is driven, such as of a backend that comes up, may stand before it.</summary>
    private static async Task<SentEvent?> CommentAsync(EventSource events)
    {
        while (await events.ReadAsync() is { } sent)
            if (sent.Name is null) return sent;
        return null;
    }

    [Fact]
    public async Task LM_Studios_own_log_is_among_the_events_where_it_is_switched_on()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { LmStudio = options.LmStudio with { LogEvents = true } });
        await using var events = await EventSource.OpenAsync(gateway.Http);
        var attached = (await events.ReadUntilAsync("debug_log"))[^1].Json;
        Assert.Equal(("info", "lmstudio"), (attached.GetProperty("level").GetString(), attached.GetProperty("backend").GetString()));
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "a secret plan"));
        var started = (await events.ReadUntilAsync("lmstudio_chat_start"))[^1];
        Assert.Equal(GatewayUnderTest.Chat, started.Json.GetProperty("instanceId").GetString());
        Assert.DoesNotContain("secret plan", started.Data, StringComparison.Ordinal);
        var counted = (await events.ReadUntilAsync("lmstudio_token_info"))[^1].Json;
        Assert.True(counted.GetProperty("totalPromptTokens").GetInt32() > 0);
    }

    [Fact]
    public async Task LM_Studio_is_not_asked_for_its_log_otherwise()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
        var heard = await events.ReadUntilAsync("inference_complete");
        Assert.DoesNotContain(heard, sent => sent.Name == "debug_log");
        Assert.False(gateway.Simulator.State.Log.HasReaders);
    }

    [Fact]
    public async Task Readers_that_do_not_read_hold_no_request_and_no_other_reader_up()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var hub = gateway.Services.GetRequiredService<EventHub>();
        var stalled = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.Http.GetAsync("/debug/stream", HttpCompletionOption.ResponseHeadersRead)));
        await using var reading = await EventSource.OpenAsync(gateway.Http);
        await reading.ReadUntilAsync("connected");
        var filler = new BackendLogLine("lmstudio", "info", new string('x', 2000));
        for (var i = 0; i < 2 * EventHub.Capacity; i++) hub.Publish(filler);       // more than sockets and pipes hold

        for (var i = 0; i < 20; i++)
        {
            using var reply = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        await reading.ReadUntilAsync("inference_complete");
        foreach (var one in stalled) one.Dispose();
        await Eventually.TrueAsync(() => hub.Subscribers == 1, "the stalled readers are forgotten once they leave");
    }

    [Fact]
    public async Task A_reader_that_leaves_is_forgotten()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var hub = gateway.Services.GetRequiredService<EventHub>();
        await using (await EventSource.OpenAsync(gateway.Http)) Assert.Equal(1, hub.Subscribers);
        await Eventually.TrueAsync(() => hub.Subscribers == 0, "the subscription ends");
    }

    [Fact]
    public async Task An_open_stream_does_not_hold_the_service_back_from_stopping()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Timeouts = options.Timeouts with { ShutdownMs = 3_600_000 } });
        await using var events = await EventSource.OpenAsync(gateway.Http);
        await events.ReadUntilAsync("connected");
        await gateway.StopAsync().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task With_a_key_the_stream_needs_it_or_a_ticket()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = Key } });
        await using (var without = await EventSource.OpenAsync(gateway.Http)) Assert.Equal(HttpStatusCode.Unauthorized, without.Response.StatusCode);
        await using (var with = await EventSource.OpenAsync(gateway.Http, key: Key)) Assert.Equal(HttpStatusCode.OK, with.Response.StatusCode);

        using var ask = new HttpRequestMessage(HttpMethod.Post, "/debug/stream/ticket") { Headers = { { "X-API-Key", Key } } };
        using var answer = await gateway.Http.SendAsync(ask);
        var ticket = JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetProperty("ticket").GetString();
        Assert.DoesNotContain(Key, ticket, StringComparison.Ordinal);
        await using var events = await EventSource.OpenAsync(gateway.Http, $"/debug/stream?ticket={ticket}");
        Assert.Equal(HttpStatusCode.OK, events.Response.StatusCode);
        await events.ReadUntilAsync("connected");

        foreach (var path in new[] { $"/debug/status?ticket={ticket}", $"/v1/models?ticket={ticket}", $"/debug/stream?ticket={ticket}x", "/debug/stream?ticket=1.a.b" })
        {
            using var refused = await gateway.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }
    }
}
