using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using LmGateway.Observability.Metrics;
using LmGateway.Serving;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Limits;

/// <summary>Heads that are too large, and callers who are too slow to write or to read.</summary>
public sealed class SlowAndLargeTests
{
    [Theory]
    [InlineData(InferenceApi.Chat, "error.code", "headers_too_large")]
    [InlineData(InferenceApi.Messages, "error.type", "invalid_request_error")]
    [InlineData("/chat", "detail", "The headers of the request are larger than 4096 bytes. The limit is the setting limits.header_bytes.")]
    [InlineData("/admin/models", "error", "The headers of the request are larger than 4096 bytes. The limit is the setting limits.header_bytes.")]
    public async Task A_head_that_is_too_large_is_431_in_the_words_of_the_route(string path, string member, string expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = options.Limits with { HeaderBytes = 4096 } });
        using var request = GatewayUnderTest.Request(path, "{}");
        request.Headers.Add("X-Large", new string('x', 5000));
        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(431, (int)response.StatusCode);
        var told = member.Split('.').Aggregate(JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)), (json, name) => json.GetProperty(name));
        Assert.Equal(expected, told.GetString());
        Assert.Equal([new("limits.header_bytes", 1)], gateway.Services.GetRequiredService<RefusalFigures>().All);
    }

    [Fact]
    public async Task A_head_beyond_all_measure_is_431_too()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var caller = await RawConnection.OpenAsync(gateway.Address);
        await caller.SendAsync($"GET /v1/models HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nX-Large: {new string('x', 200_000)}");
        Assert.StartsWith("HTTP/1.1 431 ", await caller.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_that_does_not_come_to_its_end_is_408()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = options.Limits with { HeaderSeconds = 1 } });
        using var caller = await RawConnection.OpenAsync(gateway.Address);
        await caller.SendAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: 127");
        Assert.StartsWith("HTTP/1.1 408 ", await caller.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_408_in_the_words_of_the_route_and_gives_its_memory_back()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = options.Limits with { BodyRate = 1024 * 1024 } });
        using var caller = await RawConnection.OpenAsync(gateway.Address);
        await caller.SendAsync($"POST {InferenceApi.Chat} HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{\"model\":");
        var reply = await caller.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408 ", reply, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"request_timeout\"", reply, StringComparison.Ordinal);
        var budget = gateway.Services.GetRequiredService<BodyBudget>();
        await Eventually.TrueAsync(() => budget.Held == 0, "nothing is held for it");
    }

    [Theory]
    [InlineData(InferenceApi.Chat, """{"model":"qwen2-1.5b-instruct","stream":true,"messages":[{"role":"user","content":"count to 999999"}]}""")]
    [InlineData(InferenceApi.ChatV0, """{"model":"qwen2-1.5b-instruct","stream":true,"messages":[{"role":"user","content":"count to 999999"}]}""")]
    [InlineData("/chat/stream", """{"model_key":"qwen2-1.5b-instruct","messages":[{"role":"user","content":"count to 999999"}]}""")]
    public async Task Who_never_reads_its_stream_is_cut_off_and_its_generation_ends(string path, string body)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = options.Limits with { WriteSeconds = 1 }, Scheduling = options.Scheduling with { OnDemandContextLength = 2_000_000 } });
        using var caller = await RawConnection.OpenAsync(gateway.Address, receiveBuffer: 4096);
        await caller.SendAsync(RawConnection.Post(gateway.Address, path, body));
        await Eventually.TrueAsync(() => gateway.Counters().Predictions == 1, "it runs");

        var refusals = gateway.Services.GetRequiredService<RefusalFigures>();
        await Eventually.TrueAsync(() => refusals.All.Any(pair => pair.Key == "limits.write_seconds"), "it is cut off");
        await Eventually.TrueAsync(() => gateway.Counters().Cancels == 1, "the backend is told to stop");
        await gateway.NothingIsLeftAsync();
        Assert.Equal((0, 0), gateway.Services.GetRequiredService<Admission>().Held);
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"))).Status);
    }

    [Fact]
    public async Task Who_waits_too_long_for_a_place_is_503_and_the_time_of_the_load_does_not_count()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { LoadTime = TimeSpan.FromSeconds(2), TokensPerSecond = 50 },
            options => options with { Scheduling = options.Scheduling with { QueueWaitSeconds = 1, OnDemandParallel = 1 } });
        using var leave = new CancellationTokenSource();
        using var first = await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 100000", "\"stream\":true"), leave.Token);
        Assert.Equal(200, (int)first.StatusCode);
        using var second = await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hi"), TestContext.Current.CancellationToken);
        Assert.Equal((503, "5"), ((int)second.StatusCode, second.Headers.RetryAfter?.ToString()));
        Assert.Contains("scheduling.queue_wait_seconds", await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await leave.CancelAsync();
    }

    [Fact]
    public async Task Short_of_memory_requests_are_503_and_health_says_so_until_it_is_over()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var memory = gateway.Services.GetRequiredService<MemoryWatch>();
        var (used, collected) = (90L, 0);
        memory.Read = () => new MemoryReading(Volatile.Read(ref used), 100);
        memory.Collect = () => collected++;
        var chat = GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2");
        await Eventually.TrueAsync(async () => (await gateway.PostJsonAsync(InferenceApi.Chat, chat)).Status == 503, "it sheds load");
        Assert.Equal(1, collected);

        using var refused = await gateway.PostAsync(InferenceApi.Chat, chat, TestContext.Current.CancellationToken);
        Assert.Equal((503, "1"), ((int)refused.StatusCode, refused.Headers.RetryAfter?.ToString()));
        Assert.Contains("limits.memory_percent", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("degraded", (await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString());
        Assert.Equal(200, (await gateway.GetJsonAsync("/admin/models")).Status);

        Volatile.Write(ref used, 10);
        await Eventually.TrueAsync(async () => (await gateway.PostJsonAsync(InferenceApi.Chat, chat)).Status == 200, "it serves again");
        Assert.Equal("healthy", (await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString());
    }
}
