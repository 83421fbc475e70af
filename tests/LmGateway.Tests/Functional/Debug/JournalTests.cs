using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Keys;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>What the journal says of every way in: the status of the reply, the bodies where they are kept, the time it took.</summary>
public sealed class JournalTests
{
    private const string Chat = GatewayUnderTest.Chat;

    [Fact]
    public async Task Every_request_has_the_status_that_its_caller_got()
    {
        await using var gateway = await KeyedGateway.StartAsync("app requests_per_minute=100", $"other models={Chat}", "slow tokens_per_day=1");
        var body = GatewayUnderTest.ChatBody(Chat, "hello");
        foreach (var (secret, path, sent) in new[]
        {
            ("app", "/v1/chat/completions", body),
            ("app", "/v1/chat/completions", GatewayUnderTest.ChatBody(Chat, "hello", "\"stream\":true")),
            ("app", "/v1/chat/completions", GatewayUnderTest.ChatBody("no-such-model", "hello")),
            ("app", "/v1/chat/completions", "{"),
            ("app", "/api/v0/chat/completions", body),
            ("app", "/chat", $$"""{"messages":[{"role":"user","content":"hello"}],"model":"{{Chat}}"}"""),
            ("app", "/chat/stream", $$"""{"messages":[{"role":"user","content":"hello"}],"model":"{{Chat}}"}"""),
            ("other", "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "hello")),
            ("slow", "/v1/messages", $$"""{"model":"{{Chat}}","max_tokens":50,"messages":[{"role":"user","content":"hello"}]}"""),
            ("slow", "/v1/chat/completions", body),
        })
            using (var reply = await gateway.SendAsync(secret, HttpMethod.Post, path, sent)) await reply.Content.ReadAsStringAsync();
        var (_, journal) = await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Get, "/debug/requests");
        Assert.Equal([200, 200, 404, 400, 200, 200, 200, 403, 200, 429], journal.GetProperty("requests").EnumerateArray().Reverse().Select(request => request.GetProperty("status").GetInt32()));
        var refused = journal.GetProperty("requests")[0];
        Assert.Equal(("failed", "rate_limited", "slow"), (Text(refused, "state"), Text(refused, "code"), Text(refused, "caller")));
    }

    [Theory]
    [InlineData("/chat")]
    [InlineData("/chat/stream")]
    public async Task The_chat_routes_tell_where_their_time_went_and_keep_their_bodies(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Journal = new JournalOptions { Capture = true } });
        using var request = GatewayUnderTest.Request(path, $$"""{"messages":[{"role":"user","content":"a plain question"}],"model":"{{Chat}}"}""");
        request.Headers.Add("x-request-id", "one");
        using var reply = await gateway.Http.SendAsync(request);
        var text = await reply.Content.ReadAsStringAsync();
        Assert.Equal(["total", "queue", "load", "upstream", "gateway"], reply.Headers.GetValues("Server-Timing").Single().Split(", ").Select(part => part.Split(';')[0]));
        var (_, kept) = await gateway.GetJsonAsync("/debug/requests/one");
        Assert.Contains("a plain question", Text(kept, "requestBody"), StringComparison.Ordinal);
        Assert.Equal(text, Text(kept, "replyBody"));
        Assert.Contains($"/{path.Trim('/')}' ", Text(kept, "curl"), StringComparison.Ordinal);
        Assert.Contains("a plain question", Text(kept, "curl"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v0/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]")]
    [InlineData("/api/v0/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"stream\":true,\"stream_options\":{\"include_usage\":true}")]
    [InlineData("/api/v1/chat", "\"input\":\"hello\"")]
    [InlineData("/api/v1/chat", "\"input\":\"hello\",\"stream\":true")]
    public async Task Tokens_of_LM_Studios_own_routes_are_counted(string path, string rest)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using (var reply = await gateway.PostAsync(path, $$"""{"model":"{{Chat}}",{{rest}}}""")) await reply.Content.ReadAsStringAsync();
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/requests")).Body.GetProperty("requests")[0].GetProperty("state").ValueEquals("done"), "the request has ended");
        var request = (await gateway.GetJsonAsync("/debug/requests")).Body.GetProperty("requests")[0];
        Assert.True(request.GetProperty("tokenUsage").GetProperty("promptTokens").GetInt32() > 0);
        Assert.True(request.GetProperty("tokenUsage").GetProperty("completionTokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_request_that_waits_for_a_load_is_loading_and_one_that_leaves_is_cancelled()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { LoadTime = TimeSpan.FromMinutes(5) });
        using var leaving = new CancellationTokenSource();
        var asking = gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(Chat, "hello"), leaving.Token);
        await Eventually.TrueAsync(async () => (await StatesAsync(gateway)).SequenceEqual(["loading"]), "the request waits for the load");
        var (_, queue) = await gateway.GetJsonAsync("/debug/queue");
        Assert.Equal(Chat, queue.GetProperty("loads")[0].GetProperty("modelKey").GetString());
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Eventually.TrueAsync(async () => (await StatesAsync(gateway)).SequenceEqual(["cancelled"]), "the request is cancelled");
    }

    private static async Task<IEnumerable<string?>> StatesAsync(GatewayUnderTest gateway) =>
        (await gateway.GetJsonAsync("/debug/requests")).Body.GetProperty("requests").EnumerateArray().Select(request => Text(request, "state"));

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
