using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>The admin API as its document describes it (S4-16 to S4-37, S4-47 to S4-51).</summary>
public sealed class AdminApiTests
{
    [Fact]
    public async Task The_documented_load_answers_the_documented_reply()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """
            {"modelKey":"qwen2-1.5b-instruct","instanceId":"primary",
             "loadConfig":{"contextLength":8192,"gpu":{"ratio":1.0,"layers":32},"cpuThreads":4},
             "defaultInference":{"temperature":0.7,"maxTokens":1024},"activate":true}
            """);
        Assert.Equal(200, status);
        Assert.Equal("loaded", body.GetProperty("status").GetString());
        Assert.Equal("qwen2-1.5b-instruct", body.GetProperty("modelKey").GetString());
        Assert.Equal("primary", body.GetProperty("instanceId").GetString());
        Assert.True(body.GetProperty("activated").GetBoolean());
        Assert.True(body.GetProperty("totalTimeMs").GetInt64() >= 0);
        Assert.Equal("Model loaded successfully via LM Studio SDK", body.GetProperty("message").GetString());
        Assert.Equal(["gpu.layers"], body.GetProperty("notApplied").EnumerateArray().Select(item => item.GetString()));

        var instance = Assert.Single(gateway.Simulator.State.Instances.All);
        Assert.Equal("primary", instance.Identifier);
        Assert.Equal(8192, instance.ContextLength);
    }

    [Fact]
    [Trait("req", "S4-19")]
    [Trait("req", "S4-26")]
    public async Task A_load_without_options_has_a_null_instance_id_and_becomes_active()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.Equal(200, status);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("instanceId").ValueKind);
        Assert.True(body.GetProperty("activated").GetBoolean());
        Assert.False(body.TryGetProperty("notApplied", out _));
    }

    [Fact]
    [Trait("req", "S4-16")]
    [Trait("req", "S4-17")]
    public async Task The_list_shows_loaded_and_downloaded_models_of_both_kinds()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"text-embedding-nomic-embed-text-v1.5"}""");
        var (status, body) = await gateway.GetJsonAsync("/admin/models");
        Assert.Equal(200, status);
        Assert.Equal(["loaded", "downloaded"], body.EnumerateObject().Select(property => property.Name));
        Assert.Contains(body.GetProperty("loaded").EnumerateArray(), entry => entry.GetRawText() == """{"path":"qwen2-1.5b-instruct","identifier":"primary"}""");
        Assert.Contains(body.GetProperty("loaded").EnumerateArray(), entry => entry.GetProperty("path").GetString() == GatewayUnderTest.Embedder);
        var chat = body.GetProperty("downloaded").EnumerateArray().Single(entry => entry.GetProperty("path").GetString() == GatewayUnderTest.Chat);
        Assert.Equal(["path", "size", "type"], chat.EnumerateObject().Select(property => property.Name));
        Assert.Equal("llm", chat.GetProperty("type").GetString());
        Assert.True(chat.GetProperty("size").GetInt64() > 0);
    }

    [Fact]
    [Trait("req", "S4-32")]
    [Trait("req", "S4-33")]
    public async Task The_documented_unload_answers_the_documented_reply_and_ends_the_active_model()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        var (status, body) = await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        Assert.Equal(200, status);
        Assert.Equal(["status", "modelKey", "instanceId", "totalTimeMs", "message"], body.EnumerateObject().Select(property => property.Name));
        Assert.Equal("unloaded", body.GetProperty("status").GetString());
        Assert.Equal("Model unloaded successfully via LM Studio SDK", body.GetProperty("message").GetString());
        Assert.Empty(gateway.Simulator.State.Instances.All);

        var (chat, error) = await gateway.PostJsonAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello!"}]}""");
        Assert.Equal(400, chat);
        Assert.Equal("model_required", error.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_unknown_model_is_404_with_the_documented_text()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        foreach (var path in new[] { "load", "unload", "activate" })
        {
            var (status, body) = await gateway.PostJsonAsync($"/admin/models/{path}", """{"modelKey":"invalid-model"}""");
            Assert.Equal(404, status);
            Assert.Equal("""{"error":"Model not found: invalid-model"}""", body.GetRawText());
        }
    }

    [Fact]
    public async Task A_taken_identifier_is_409_and_says_what_to_do()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const string load = """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""";
        await gateway.PostJsonAsync("/admin/models/load", load);
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", load);
        Assert.Equal(409, status);
        Assert.Equal("An instance with the identifier 'primary' is loaded already. Use another instanceId, or unload it first.", body.GetProperty("error").GetString());
    }

    [Fact]
    [Trait("req", "S4-34")]
    public async Task Unloading_by_key_is_409_while_several_instances_exist_and_lists_them()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"high-context","loadConfig":{"contextLength":32768,"gpu":{"ratio":0.5}}}""");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"high-gpu","loadConfig":{"contextLength":4096,"gpu":{"ratio":1.0}}}""");
        var (status, body) = await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.Equal(409, status);
        Assert.Equal(["high-context", "high-gpu"], body.GetProperty("details").EnumerateArray().Select(item => item.GetString()).Order());
        Assert.Equal(2, gateway.Simulator.State.Instances.All.Count);
    }

    [Fact]
    [Trait("req", "S4-30")]
    public async Task Every_fault_of_a_body_is_reported_at_once()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"loadConfig":{"contextLength":-1,"gpu":{"ratio":2}},"activate":"yes"}""");
        Assert.Equal(400, status);
        Assert.Equal("Validation failed", body.GetProperty("error").GetString());
        Assert.Equal(4, body.GetProperty("details").GetArrayLength());
    }

    [Fact]
    public async Task Without_LM_Studio_the_documented_error_is_answered_with_503()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9");
        const string expected = "Failed to connect to LM Studio SDK after 3 attempts. Ensure LM Studio is running and the API server is enabled.";
        var (status, body) = await gateway.GetJsonAsync("/admin/models");
        Assert.Equal(503, status);
        Assert.Equal(expected, body.GetProperty("error").GetString());
        (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.Equal(503, status);
        Assert.Equal(expected, body.GetProperty("error").GetString());
    }

    [Fact]
    [Trait("req", "S4-38")]
    [Trait("req", "S4-39")]
    public async Task The_active_model_and_its_parameters_go_into_requests_that_name_none()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","defaultInference":{"temperature":0.25,"maxTokens":7,"topP":0.5,"topK":3,"repeatPenalty":1.5,"stopStrings":["END"]}}""");
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello!"}],"top_p":0.75}""");
        Assert.Equal(200, status);
        Assert.Equal("primary", body.GetProperty("model").GetString());
        var sent = Sent(gateway);
        Assert.Equal("primary", sent.GetProperty("model").GetString());
        Assert.Equal(0.25, sent.GetProperty("temperature").GetDouble());
        Assert.Equal(7, sent.GetProperty("max_tokens").GetInt32());
        Assert.Equal(0.75, sent.GetProperty("top_p").GetDouble());
        Assert.Equal(3, sent.GetProperty("top_k").GetInt32());
        Assert.Equal(1.5, sent.GetProperty("repeat_penalty").GetDouble());
        Assert.Equal("END", Assert.Single(sent.GetProperty("stop").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task A_request_for_another_model_gets_none_of_the_active_models_parameters()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","defaultInference":{"temperature":0.25}}""");
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "Hello!"));
        Assert.False(Sent(gateway).TryGetProperty("temperature", out _));
    }

    [Fact]
    public async Task Loading_an_embedding_model_activates_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (_, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"text-embedding-nomic-embed-text-v1.5","activate":true}""");
        Assert.False(body.GetProperty("activated").GetBoolean());
    }

    [Fact]
    public async Task An_exclusive_load_that_fails_says_what_it_unloaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Scope = GatewayUnderTest.Other, Message = "Failed to load model" });
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","exclusive":true}""");
        Assert.Equal(500, status);
        Assert.EndsWith("Unloaded before the load: primary.", body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_lifetime_is_passed_on()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","ttlSeconds":90}""");
        var (_, models) = await gateway.GetJsonAsync("/v1/models/qwen2-1.5b-instruct");
        Assert.Equal(90, models.GetProperty("instances")[0].GetProperty("ttl_seconds").GetInt32());
    }

    private static JsonElement Sent(GatewayUnderTest gateway) =>
        JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path.StartsWith("/v1/chat", StringComparison.Ordinal)).Body);
}
