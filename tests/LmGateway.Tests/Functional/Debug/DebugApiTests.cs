using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Chat;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Debug;

/// <summary>Status, figures, queues and the journal.</summary>
public sealed class DebugApiTests
{
    [Fact]
    [Trait("req", "S4-57")]
    public async Task The_status_of_a_service_that_has_done_nothing_has_every_member()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.GetJsonAsync("/debug/status");
        Assert.Equal(200, status);
        Assert.Equal("idle", body.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, body.GetProperty("currentOperation").ValueKind);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("activeModel").GetProperty("modelKey").ValueKind);
        Assert.Empty(body.GetProperty("recentRequests").EnumerateArray());
        Assert.Equal((0, 0), (body.GetProperty("totalRequests").GetInt32(), body.GetProperty("totalErrors").GetInt32()));
    }

    [Fact]
    public async Task The_status_tells_of_the_active_model_of_the_last_ten_requests_and_of_failures()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","defaultInference":{"temperature":0.7,"maxTokens":1024}}""");
        for (var i = 0; i < 11; i++) await ChatAsync(gateway, $"request-{i}");
        var (_, body) = await gateway.GetJsonAsync("/debug/status");
        Assert.Equal("idle", body.GetProperty("status").GetString());
        Assert.Equal("""{"temperature":0.7,"maxTokens":1024}""", body.GetProperty("activeModel").GetProperty("defaultInference").GetRawText());
        var recent = body.GetProperty("recentRequests").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"request-{i}"), recent.Select(request => request.GetProperty("requestId").GetString()));
        Assert.All(recent, request => Assert.Equal("completed", request.GetProperty("status").GetString()));

        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"invalid-model"}""");
        (_, body) = await gateway.GetJsonAsync("/debug/status");
        Assert.Equal("error", body.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_status_tells_of_a_load_and_of_an_inference_while_they_run()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { LoadTime = TimeSpan.FromSeconds(2), TokensPerSecond = 20 });
        var chat = gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000", "\"stream\":true"));
        await Eventually.TrueAsync(async () => (await StatusAsync(gateway)).GetProperty("status").GetString() == "loading_model", "the load is shown");
        var loading = await StatusAsync(gateway);
        var load = loading.GetProperty("currentOperation");
        if (load.ValueKind == JsonValueKind.Object && load.GetProperty("type").GetString() == "model_load")
        {
            Assert.Equal(GatewayUnderTest.Chat, load.GetProperty("modelKey").GetString());
            Assert.InRange(load.GetProperty("progress").GetDouble(), 0, 100);
        }

        using var reply = await chat;
        await Eventually.TrueAsync(async () => (await StatusAsync(gateway)).GetProperty("status").GetString() == "processing_inference", "the inference is shown");
        Assert.Equal("inference", (await StatusAsync(gateway)).GetProperty("currentOperation").GetProperty("type").GetString());
    }

    [Fact]
    public async Task The_figures_have_every_documented_member()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await ChatAsync(gateway, "one");
        await gateway.PostJsonAsync("/v1/chat/completions", """{"model":"no-such-model","messages":[]}""");
        var (status, body) = await gateway.GetJsonAsync("/debug/metrics");
        Assert.Equal(200, status);
        Assert.Equal(["modelInfo", "performance", "recentActivity", "system", "currentOperation", "refusals"], Names(body));
        var performance = body.GetProperty("performance");
        Assert.Equal(
            ["totalRequests", "totalErrors", "errorRate", "recentRequestCount", "completedRequestCount", "avgResponseTimeMs", "minResponseTimeMs", "maxResponseTimeMs", "medianResponseTimeMs", "avgTokensPerSec", "totalTokensProcessed", "requestsWithTokenData", "tokenStats"],
            Names(performance));
        Assert.Equal((2, 1, 50.0), (performance.GetProperty("totalRequests").GetInt32(), performance.GetProperty("totalErrors").GetInt32(), performance.GetProperty("errorRate").GetDouble()));
        Assert.Equal(2, body.GetProperty("recentActivity").GetProperty("last10Requests").GetArrayLength());
        var system = body.GetProperty("system");
        Assert.Equal(["uptime", "uptimeFormatted", "memoryUsage", "memoryUsageRaw", "nodeVersion", "runtimeVersion", "platform"], Names(system));
        Assert.Equal(["rss", "heapTotal", "heapUsed", "external"], Names(system.GetProperty("memoryUsage")));
        Assert.True(system.GetProperty("memoryUsageRaw").GetProperty("rss").GetInt64() > 1_000_000);
    }

    [Fact]
    public async Task The_queue_shows_who_waits_what_runs_and_what_loads()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { ParallelSessions = 1, TokensPerSecond = 20 });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        using var running = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000", "\"stream\":true"));
        using var leaving = new CancellationTokenSource();
        var waiting = gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"), leaving.Token);
        await Eventually.TrueAsync(() => gateway.Waiting() == 1, "a request waits");

        var (_, queue) = await gateway.GetJsonAsync("/debug/queue");
        Assert.Equal($$"""[{"modelKey":"{{GatewayUnderTest.Chat}}","backend":"lmstudio","requests":1}]""", queue.GetProperty("waiting").GetRawText());
        Assert.Equal($$"""[{"instanceId":"{{GatewayUnderTest.Chat}}","backend":"lmstudio","running":1,"parallel":1,"onDemand":false}]""", queue.GetProperty("instances").GetRawText());
        var (_, status) = await gateway.GetJsonAsync("/debug/status");
        Assert.Equal((2, 1), (status.GetProperty("activeRequests").GetInt32(), status.GetProperty("waitingRequests").GetInt32()));
        Assert.Equal(["queued", "streaming"], (await RequestsAsync(gateway)).Select(request => request.GetProperty("state").GetString()));

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.TrueAsync(async () => (await RequestsAsync(gateway, "?state=cancelled")).Count == 1, "the request that left is shown as such");
    }

    [Fact]
    public async Task The_journal_tells_of_each_request_where_its_time_went()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await ChatAsync(gateway, "cold");
        var request = Assert.Single(await RequestsAsync(gateway));
        Assert.Equal("cold", request.GetProperty("requestId").GetString());
        Assert.Equal("done", request.GetProperty("state").GetString());
        Assert.Equal(("openai", "POST", "/v1/chat/completions"), (Text("api"), Text("method"), Text("path")));
        Assert.Equal(("qwen2", GatewayUnderTest.Chat, GatewayUnderTest.Chat, "lmstudio"), (Text("model"), Text("modelKey"), Text("instanceId"), Text("backend")));
        Assert.Equal("stop", Text("finishReason"));
        Assert.True(request.GetProperty("loadTimeMs").GetInt64() > 0);
        Assert.True(request.GetProperty("totalTimeMs").GetInt64() >= request.GetProperty("loadTimeMs").GetInt64());
        Assert.True(request.GetProperty("tokenUsage").GetProperty("completionTokens").GetInt32() > 0);
        foreach (var member in new[] { "queueTimeMs", "firstTokenMs", "generationMs", "tokensPerSecond" }) Assert.True(request.TryGetProperty(member, out _), member);

        string? Text(string name) => request.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Every_api_and_every_failure_is_in_the_journal()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "change-me-please" } });
        gateway.Http.DefaultRequestHeaders.Add("X-API-Key", "change-me-please");
        await gateway.PostJsonAsync("/chat", ChatReplies.Says("hello", "\"model\":\"qwen2-1.5b-instruct\""));
        await gateway.PostJsonAsync("/api/v0/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
        await gateway.PostJsonAsync("/v1/embeddings", """{"model":"no-such-model","input":"hello"}""");
        await gateway.PostJsonAsync("/v1/chat/completions", "{");
        var requests = await RequestsAsync(gateway);
        Assert.Equal([("openai", "failed"), ("openai", "failed"), ("lmstudio", "done"), ("chat", "done")], requests.Select(request => (request.GetProperty("api").GetString(), request.GetProperty("state").GetString())));
        Assert.Equal(["invalid_request", "model_not_found"], requests.Take(2).Select(request => request.GetProperty("code").GetString()));
        Assert.All(requests, request => Assert.Equal("default", request.GetProperty("caller").GetString()));
        Assert.Equal(2, (await RequestsAsync(gateway, "?state=failed")).Count);
        Assert.Equal(2, (await RequestsAsync(gateway, "?model=qwen2-1.5b-instruct")).Count);
        Assert.Single(await RequestsAsync(gateway, "?limit=1"));
        Assert.Equal(400, (await gateway.GetJsonAsync("/debug/requests?limit=0")).Status);
    }

    [Fact]
    public async Task Bodies_are_not_kept_unless_asked_for()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await ChatAsync(gateway, "one");
        var (_, request) = await gateway.GetJsonAsync("/debug/requests/one");
        Assert.False(request.TryGetProperty("requestBody", out _));
        Assert.False(request.TryGetProperty("replyBody", out _));
    }

    [Fact]
    public async Task Bodies_that_are_kept_are_shown_without_secrets()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Journal = new JournalOptions { Capture = true } });
        await ChatAsync(gateway, "one", "\"metadata\":{\"api_key\":\"very-secret\"},\"stream\":true");
        var (_, request) = await gateway.GetJsonAsync("/debug/requests/one");
        Assert.Contains("hello", request.GetProperty("requestBody").GetString(), StringComparison.Ordinal);
        Assert.Contains("\"api_key\":\"***\"", request.GetProperty("requestBody").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", request.GetProperty("replyBody").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", request.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_can_be_had_as_a_curl_command()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Journal = new JournalOptions { Capture = true } });
        await ChatAsync(gateway, "one");
        var command = await gateway.Http.GetStringAsync("/debug/requests/one?format=curl");
        Assert.StartsWith($"curl -X POST '{gateway.Address.ToString().TrimEnd('/')}/v1/chat/completions' ", command, StringComparison.Ordinal);
        Assert.Contains("$LMGATEWAY_KEY", command, StringComparison.Ordinal);
        Assert.Contains("-d '{\"model\":\"qwen2\"", command, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_request_and_an_unknown_path_are_errors_of_the_debug_api()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.GetJsonAsync("/debug/requests/nobody");
        Assert.Equal(404, status);
        Assert.Contains("nobody", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(404, (await gateway.GetJsonAsync("/debug/nothing")).Status);
    }

    private static async Task ChatAsync(GatewayUnderTest gateway, string id, string more = "")
    {
        using var request = GatewayUnderTest.Request("/v1/chat/completions", GatewayUnderTest.ChatBody("qwen2", "hello", more));
        request.Headers.Add("x-request-id", id);
        using var reply = await gateway.Http.SendAsync(request);
        Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> StatusAsync(GatewayUnderTest gateway) => (await gateway.GetJsonAsync("/debug/status")).Body;

    private static async Task<IReadOnlyList<JsonElement>> RequestsAsync(GatewayUnderTest gateway, string query = "")
    {
        var (status, body) = await gateway.GetJsonAsync("/debug/requests" + query);
        Assert.Equal(200, status);
        return [.. body.GetProperty("requests").EnumerateArray()];
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(member => member.Name);
}
