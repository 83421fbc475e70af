using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Whole answers of the plain REST API: what goes in, what comes out, and which model answers.</summary>
public sealed class ChatTests
{
    [Fact]
    [Trait("req", "S1-01")]
    [Trait("req", "S1-16")]
    [Trait("req", "S1-46")]
    [Trait("req", "S1-47")]
    [Trait("req", "S1-48")]
    public async Task The_reply_has_the_documented_keys_and_the_real_token_count()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("count to 3"));

        Assert.Equal(200, status);
        Assert.Equal(["model", "content", "stop_reason", "predicted_tokens"], body.Names());
        Assert.Equal("1, 2, 3", body.GetProperty("content").GetString());
        Assert.Equal("stop", body.GetProperty("stop_reason").GetString());
        Assert.Equal(3, body.GetProperty("predicted_tokens").GetInt32());
        Assert.Equal("POST /v1/chat/completions", Assert.Single(gateway.Counters().Requests.Keys, route => route.StartsWith("POST", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("/chat", "\"model_key\":\"granite-3.0-2b-instruct\"", GatewayUnderTest.Other)]
    [InlineData("/chat", "\"modelKey\":\"granite-3.0-2b-instruct\"", GatewayUnderTest.Other)]
    [InlineData("/chat", "\"model\":\"granite-3.0-2b-instruct\"", GatewayUnderTest.Other)]
    [InlineData("/chat", "\"model_id\":\"granite\"", GatewayUnderTest.Other)]
    [InlineData("/chat", "", ChatReplies.Regular)]
    [InlineData("/chat", "\"model_key\":null", ChatReplies.Regular)]
    [InlineData("/chat", "\"model_key\":\"\"", ChatReplies.Regular)]
    [InlineData("/chat/regular", "", ChatReplies.Regular)]
    [InlineData("/chat/regular", "\"model_key\":\"granite-3.0-2b-instruct\"", ChatReplies.Regular)]
    [InlineData("/chat/vision", "", ChatReplies.Vision)]
    [InlineData("/chat/vision", "\"model_key\":\"granite-3.0-2b-instruct\"", ChatReplies.Vision)]
    [Trait("req", "S1-08")]
    [Trait("req", "S1-09")]
    [Trait("req", "S1-18")]
    [Trait("req", "S1-20")]
    [Trait("req", "S1-30")]
    [Trait("req", "S1-38")]
    [Trait("req", "S1-39")]
    [Trait("req", "S1-40")]
    public async Task Each_route_has_its_model_streamed_or_not(string path, string named, string model)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, body) = await gateway.PostJsonAsync(path, ChatReplies.Says("hi", named));
        var lines = await gateway.StreamAsync(path + "/stream", ChatReplies.Says("hi", named));

        Assert.Equal(200, status);
        Assert.Equal(model, body.GetProperty("model").GetString());
        Assert.Equal(model, lines[^1].GetProperty("model").GetString());
        Assert.Equal([model], gateway.Counters().LoadsByKey.Keys);
    }

    [Fact]
    [Trait("req", "S1-08")]
    [Trait("req", "S1-09")]
    public async Task The_default_models_can_be_set()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with
        {
            Chat = new ChatOptions { DefaultRegularModel = GatewayUnderTest.Chat, DefaultVisionModel = GatewayUnderTest.Other },
        });

        Assert.Equal(GatewayUnderTest.Chat, (await gateway.PostJsonAsync("/chat/regular", ChatReplies.Says("hi"))).Body.GetProperty("model").GetString());
        Assert.Equal(GatewayUnderTest.Other, (await gateway.PostJsonAsync("/chat/vision", ChatReplies.Says("hi"))).Body.GetProperty("model").GetString());
    }

    [Fact]
    [Trait("req", "S1-38")]
    public async Task Where_the_default_model_is_not_there_chat_goes_to_the_active_model_with_its_parameters_then_to_the_providers_default()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with
        {
            Chat = new ChatOptions { DefaultRegularModel = "not/downloaded" },
            Inference = new InferenceOptions { DefaultModel = GatewayUnderTest.Other },
        });

        Assert.Equal(GatewayUnderTest.Other, (await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi"))).Body.GetProperty("model").GetString());
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","defaultInference":{"temperature":0.25,"maxTokens":7,"stopStrings":["END"]}}""");
        var (_, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", "\"config\":{\"maxTokens\":9}"));

        Assert.Equal("primary", body.GetProperty("model").GetString());
        var sent = gateway.SentChat();
        Assert.Equal((0.25, 9), (sent.GetProperty("temperature").GetDouble(), sent.GetProperty("max_tokens").GetInt32()));
        Assert.Equal("END", Assert.Single(sent.GetProperty("stop").EnumerateArray()).GetString());
        var (status, refused) = await gateway.PostJsonAsync("/chat/regular", ChatReplies.Says("hi"));
        Assert.Equal(503, status);
        Assert.StartsWith("Chat service unavailable: Model 'not/downloaded' is not available.", refused.DetailText());
    }

    [Theory]
    [InlineData("""{"temperature":0.5,"maxTokens":11,"topP":0.9,"presencePenalty":-0.5,"frequencyPenalty":1.5}""")]
    [InlineData("""{"temperature":"0.5","max_tokens":"11","top_p":0.9,"presence_penalty":-0.5,"frequency_penalty":1.5,"unknown":true}""")]
    [Trait("req", "S1-31")]
    [Trait("req", "S1-33")]
    [Trait("req", "S1-34")]
    [Trait("req", "S1-35")]
    [Trait("req", "S1-36")]
    [Trait("req", "S1-37")]
    public async Task Messages_and_parameters_arrive_in_OpenAIs_words(string config)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        await gateway.PostJsonAsync("/chat", $$"""{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user"}],"config":{{config}}}""");

        var sent = gateway.SentChat();
        Assert.Equal(
            """[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":""}]""",
            sent.GetProperty("messages").GetRawText());
        Assert.Equal((0.5, 11, 0.9), (sent.GetProperty("temperature").GetDouble(), sent.GetProperty("max_tokens").GetInt32(), sent.GetProperty("top_p").GetDouble()));
        Assert.Equal((-0.5, 1.5), (sent.GetProperty("presence_penalty").GetDouble(), sent.GetProperty("frequency_penalty").GetDouble()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"config\":null")]
    [InlineData("\"config\":{}")]
    [InlineData("\"config\":{\"temperature\":null,\"maxTokens\":-1}")]
    public async Task What_is_not_given_is_not_sent(string config)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", config));

        Assert.Equal(["model", "stream", "stream_options", "messages"], gateway.SentChat().Names());
    }

    [Fact]
    [Trait("req", "S1-47")]
    public async Task An_answer_that_was_cut_off_says_length()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (_, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("count to 50", "\"config\":{\"maxTokens\":4}"));

        Assert.Equal(("length", 4), (body.GetProperty("stop_reason").GetString(), body.GetProperty("predicted_tokens").GetInt32()));
    }

    [Theory]
    [InlineData("/chat")]
    [InlineData("/chat/stream")]
    public async Task Defect_content_null_from_a_model_is_an_empty_answer_and_no_failure(string path)
    {
        await using var backend = ScriptedBackend.Streaming(
            """data: {"model":"scripted","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}]}""" + "\n\n"
            + """data: {"model":"scripted","choices":[{"index":0,"delta":{"content":null},"finish_reason":"eosFound"}]}""" + "\n\n"
            + """data: {"model":"scripted","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":17,"total_tokens":22}}""" + "\n\ndata: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        using var response = await gateway.PostAsync(path, ChatReplies.Says("hi", "\"model_key\":\"scripted\""));

        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(
            path == "/chat"
                ? """{"model":"scripted","content":"","stop_reason":"stop","predicted_tokens":17}"""
                : """{"type":"done","model":"scripted","predicted_tokens":17,"stop_reason":"stop"}""",
            (await response.Content.ReadAsStringAsync()).TrimEnd());
    }

    [Fact]
    public async Task A_backend_that_counts_no_tokens_gets_its_fragments_counted()
    {
        await using var backend = ScriptedBackend.Streaming(ScriptedBackend.Chunk("a") + ScriptedBackend.Chunk("b") + ScriptedBackend.Chunk("", "stop") + "data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        var (_, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", "\"model_key\":\"scripted\""));

        Assert.Equal("""{"model":"scripted","content":"ab","stop_reason":"stop","predicted_tokens":2}""", body.GetRawText());
    }

    [Fact]
    public async Task A_backend_that_sends_half_a_character_does_not_break_the_answer()
    {
        await using var backend = ScriptedBackend.Streaming(ScriptedBackend.Chunk("a") + ScriptedBackend.Chunk("\\ud83d") + ScriptedBackend.Chunk("b", "stop") + "data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        var (_, body) = await gateway.PostJsonAsync("/chat", "\uFEFF" + ChatReplies.Says("hi", "\"model_key\":\"scripted\""));

        Assert.Equal("a\uFFFDb", body.GetProperty("content").GetString());
    }

    [Fact]
    public async Task What_the_model_thinks_is_told_apart_and_only_when_asked_for()
    {
        await using var backend = ScriptedBackend.Streaming(
            """data: {"model":"scripted","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}""" + "\n\n" + ScriptedBackend.Chunk("yes", "stop") + "data: [DONE]\n\n");
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address);

        var quiet = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", "\"model_key\":\"scripted\""));
        var loud = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", "\"model_key\":\"scripted\",\"include_reasoning\":true"));

        Assert.Equal(["model", "content", "stop_reason", "predicted_tokens"], quiet.Body.Names());
        Assert.Equal(("yes", "hm"), (loud.Body.GetProperty("content").GetString(), loud.Body.GetProperty("reasoning").GetString()));
    }
}
