using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Configuration;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>What the admin gateway's document says outside of its examples.</summary>
public sealed class AdminGatewayRequirementsTests
{
    [Fact]
    [Trait("req", "S4-01")]
    [Trait("req", "S4-03")]
    public async Task Control_goes_over_the_WebSocket_of_the_same_address_and_inference_over_HTTP()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.True(gateway.Simulator.State.Counters.Snapshot().OpenWebSockets > 0);
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
        var posts = gateway.Simulator.State.Counters.LastRequests.Where(request => request.Method == "POST").Select(request => request.Path);
        Assert.Equal(["/v1/chat/completions"], posts);
    }

    [Fact]
    [Trait("req", "S4-02")]
    [Trait("req", "S4-64")]
    public async Task The_connection_is_opened_once_and_used_by_everything_after_it()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await LoadAndUnloadAsync(gateway);
        var open = gateway.Simulator.State.Counters.Snapshot().OpenWebSockets;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => LoadAndUnloadAsync(gateway, $"copy-{i}")));
        Assert.Equal(open, gateway.Simulator.State.Counters.Snapshot().OpenWebSockets);
    }

    [Fact]
    [Trait("req", "S4-25")]
    [Trait("req", "S4-39")]
    public async Task All_seven_default_parameters_go_into_a_request_that_has_none_of_them()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """
            {"modelKey":"qwen2-1.5b-instruct","defaultInference":{"temperature":0.25,"maxTokens":7,"topP":0.5,"topK":3,"repeatPenalty":1.5,"stopStrings":["END"],"stream":true}}
            """);
        using var reply = await gateway.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello!"}]}""");
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType!.MediaType);
        await reply.Content.ReadAsStringAsync();
        var sent = JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
        Assert.Equal((0.25, 7, 0.5, 3, 1.5), (sent.GetProperty("temperature").GetDouble(), sent.GetProperty("max_tokens").GetInt32(), sent.GetProperty("top_p").GetDouble(), sent.GetProperty("top_k").GetInt32(), sent.GetProperty("repeat_penalty").GetDouble()));
        Assert.Equal("""["END"]""", sent.GetProperty("stop").GetRawText());
        Assert.True(sent.GetProperty("stream").GetBoolean());
        using var whole = await gateway.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello!"}],"stream":false}""");
        Assert.Equal("application/json", whole.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    [Trait("req", "S4-46")]
    public void The_port_of_every_example_can_be_the_only_one_or_one_of_two()
    {
        Assert.Equal(8002, Assert.Single(Given.FromEnvironment(("GATEWAY_PORT", "8002")).Options.Listen.Addresses).Port);
        Assert.Equal([8000, 8002], Given.FromEnvironment(("LMGATEWAY_URLS", "http://127.0.0.1:8000;http://127.0.0.1:8002")).Options.Listen.Addresses.Select(address => address.Port));
    }

    [Fact]
    [Trait("req", "S4-61")]
    public void NODE_ENV_changes_nothing_and_disturbs_nobody()
    {
        var with = Given.FromDotEnv("NODE_ENV=production\nPORT=8002");
        Assert.Empty(with.Errors);
        Assert.Empty(with.Warnings);
        Assert.Equal(Given.FromDotEnv("PORT=8002").Effective.Select(setting => setting.Text), with.Effective.Select(setting => setting.Text));
    }

    [Fact]
    [Trait("req", "S4-63")]
    public void Three_attempts_two_seconds_apart_are_the_default() =>
        Assert.Equal((3, 2000), (new LmStudioOptions().ConnectAttempts, new LmStudioOptions().ConnectRetryMs));

    [Fact]
    [Trait("req", "S4-69")]
    public async Task Times_are_whole_milliseconds_of_what_happened_and_sizes_are_bytes_of_the_file()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { LoadTime = TimeSpan.FromMilliseconds(200) });
        var (_, loaded) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        Assert.True(loaded.GetProperty("totalTimeMs").GetInt64() >= 200);
        var (_, unloaded) = await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        Assert.True(unloaded.GetProperty("totalTimeMs").TryGetInt64(out _));
        var (_, list) = await gateway.GetJsonAsync("/admin/models");
        var listed = list.GetProperty("downloaded").EnumerateArray().Single(model => model.GetProperty("path").ValueEquals("qwen2-1.5b-instruct"));
        Assert.Equal(gateway.Simulator.State.Models.Known.Single(model => model.Key == "qwen2-1.5b-instruct").SizeBytes, listed.GetProperty("size").GetInt64());
    }

    [Fact]
    [Trait("req", "S4-70")]
    public async Task Every_route_of_the_original_is_there()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        foreach (var path in new[] { "/health", "/admin/models", "/debug/status", "/debug/metrics", "/v1/models", "/models" })
            Assert.Equal(200, (await gateway.GetJsonAsync(path)).Status);
        using var stream = await gateway.Http.GetAsync("/debug/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.MediaType);
        Assert.Equal(404, (await gateway.GetJsonAsync("/nothing")).Status);
    }

    private static async Task LoadAndUnloadAsync(GatewayUnderTest gateway, string instance = "first")
    {
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"qwen2-1.5b-instruct","instanceId":"{{instance}}"}""")).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/unload", $$"""{"instanceId":"{{instance}}"}""")).Status);
    }
}
