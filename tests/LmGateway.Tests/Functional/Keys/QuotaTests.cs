using System.Net;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Keys;

/// <summary>Limits of keys on every route of inference, by a clock that the test drives.</summary>
public sealed class QuotaTests
{
    private static readonly string Plain = GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello");

    public static TheoryData<string, string> Routes() => new()
    {
        { "/v1/chat/completions", Plain },
        { "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", "\"stream\":true") },
        { "/v1/completions", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"hello"}""" },
        { "/v1/embeddings", $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"hello"}""" },
        { "/v1/responses", $$"""{"model":"{{GatewayUnderTest.Chat}}","input":"hello"}""" },
        { "/v1/messages", $$"""{"model":"{{GatewayUnderTest.Chat}}","max_tokens":50,"messages":[{"role":"user","content":"hello"}]}""" },
        { "/api/v0/chat/completions", Plain },
        { "/api/v0/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello", "\"stream\":true") },
        { "/api/v1/chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","input":"hello"}""" },
        { "/chat", $$"""{"messages":[{"role":"user","content":"hello"}],"model":"{{GatewayUnderTest.Chat}}"}""" },
        { "/chat/stream", $$"""{"messages":[{"role":"user","content":"hello"}],"model":"{{GatewayUnderTest.Chat}}"}""" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_route_counts_tells_what_is_left_and_refuses_what_is_too_much(string path, string body)
    {
        var time = new ManualTime();
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => KeyedGateway.With(options, "app requests_per_minute=1 tokens_per_minute=100000"), time: time);
        using (var first = await gateway.SendAsync("app", HttpMethod.Post, path, body))
        {
            Assert.True(first.StatusCode == HttpStatusCode.OK, await first.Content.ReadAsStringAsync());
            await first.Content.ReadAsStringAsync();
            Assert.Equal(("1", "0"), (Header(first, "x-ratelimit-limit-requests"), Header(first, "x-ratelimit-remaining-requests")));
            Assert.Equal("100000", Header(first, "x-ratelimit-limit-tokens"));
            Assert.Matches("^[0-9]+s$", Header(first, "x-ratelimit-reset-tokens"));
        }

        using var refused = await gateway.SendAsync("app", HttpMethod.Post, path, body);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        Assert.True(int.Parse(Header(refused, "x-ratelimit-remaining-tokens")) < 100000, "tokens were counted");
        time.Advance(refused.Headers.RetryAfter.Delta.Value);
        using var again = await gateway.SendAsync("app", HttpMethod.Post, path, body);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Theory]
    [InlineData("/v1/audio/transcriptions")]
    [InlineData("/api/v1/no/such/route")]
    public async Task What_is_only_handed_on_counts_too(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => KeyedGateway.With(options, "app requests_per_minute=1"), time: new ManualTime());
        using var looked = await gateway.SendAsync("app", HttpMethod.Get, "/api/v1/models");
        Assert.Equal("1", Header(looked, "x-ratelimit-remaining-requests"));
        using var first = await gateway.SendAsync("app", HttpMethod.Post, path, "{}");
        Assert.NotEqual(HttpStatusCode.TooManyRequests, first.StatusCode);
        using var refused = await gateway.SendAsync("app", HttpMethod.Post, path, "{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "0"), (refused.StatusCode, Header(refused, "x-ratelimit-remaining-requests")));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
    }

    [Fact]
    public async Task Tokens_of_a_stream_that_nobody_read_to_its_end_are_estimated()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { TokensPerSecond = 200 }, configure: options => KeyedGateway.With(options, "app tokens_per_minute=4"), time: time);
        using (var request = GatewayUnderTest.Request("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000", "\"stream\":true")))
        {
            request.Headers.Add("X-API-Key", "app");
            using var stream = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using var events = await stream.Content.ReadAsStreamAsync();
            Assert.True(await events.ReadAtLeastAsync(new byte[64], 64) >= 64);
        }

        await Eventually.TrueAsync(async () => (int)(await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", Plain)).StatusCode == 429, "the tokens of the stream are counted");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (int)(await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", Plain)).StatusCode);
    }

    [Fact]
    public async Task Tokens_of_a_day_are_told_where_they_are_the_limit()
    {
        var time = new ManualTime();
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => KeyedGateway.With(options, "app tokens_per_day=5"), time: time);
        using var first = await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", Plain);
        Assert.Equal(("5", "86400s"), (Header(first, "x-ratelimit-limit-tokens"), Header(first, "x-ratelimit-reset-tokens")));
        await Eventually.TrueAsync(async () => (int)(await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", Plain)).StatusCode == 429, "the day's tokens are used up");
        time.Advance(TimeSpan.FromMinutes(2));
        using var refused = await gateway.SendAsync("app", HttpMethod.Post, "/v1/chat/completions", Plain);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromMinutes((24 * 60) - 2)), (refused.StatusCode, refused.Headers.RetryAfter!.Delta));
        Assert.Equal(200, (int)(await gateway.SendAsync(KeyedGateway.Main, HttpMethod.Post, "/v1/chat/completions", Plain)).StatusCode);
    }

    private static string Header(HttpResponseMessage reply, string name) => reply.Headers.TryGetValues(name, out var values) ? values.Single() : $"no {name}";
}
