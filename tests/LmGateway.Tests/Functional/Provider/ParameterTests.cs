using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The parameters of the provider document: their defaults, their ranges, and that nothing else is lost.</summary>
public sealed class ParameterTests
{
    [Fact]
    [Trait("req", "S2-23")]
    [Trait("req", "S2-24")]
    public async Task Max_tokens_and_temperature_have_the_documented_defaults()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        foreach (var path in new[] { "/v1/chat/completions", "/chat/completions" })
        {
            await gateway.PostJsonAsync(path, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
            Assert.Equal((100, 0.7), (gateway.Sent().GetProperty("max_tokens").GetInt32(), gateway.Sent().GetProperty("temperature").GetDouble()));
        }

        await gateway.ChatAsync("\"max_tokens\":null,\"temperature\":null");
        Assert.Equal((100, 0.7), (gateway.Sent().GetProperty("max_tokens").GetInt32(), gateway.Sent().GetProperty("temperature").GetDouble()));
    }

    [Fact]
    [Trait("req", "S2-23")]
    [Trait("req", "S2-24")]
    public async Task The_request_comes_before_the_active_model_and_that_before_the_contract()
    {
        await using var gateway = await ProviderGateway.StartAsync("max_tokens: 9\ntemperature: 0.1");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","defaultInference":{"temperature":0.25}}""");
        await gateway.ChatAsync();
        Assert.Equal((9, 0.25), (gateway.Sent().GetProperty("max_tokens").GetInt32(), gateway.Sent().GetProperty("temperature").GetDouble()));
        await gateway.ChatAsync("\"max_tokens\":5,\"temperature\":1.5");
        Assert.Equal((5, 1.5), (gateway.Sent().GetProperty("max_tokens").GetInt32(), gateway.Sent().GetProperty("temperature").GetDouble()));
        await gateway.ChatAsync("\"max_completion_tokens\":6");
        Assert.False(gateway.Sent().TryGetProperty("max_tokens", out _));
    }

    [Theory]
    [InlineData("http:\n  timeout_secs: 60")]
    [InlineData("base_url: http://127.0.0.1:1")]
    [InlineData("models: all")]
    public async Task Without_the_contract_nothing_is_put_in_and_nothing_is_checked(string section)
    {
        await using var gateway = await ProviderGateway.StartAsync(section);
        var (status, _) = await gateway.ChatAsync("\"temperature\":5,\"mirostat_mode\":7");
        Assert.Equal(200, status);
        Assert.False(gateway.Sent().TryGetProperty("max_tokens", out _));
        var (_, models) = await gateway.GetJsonAsync("/v1/models");
        Assert.Contains(models.GetProperty("data").EnumerateArray(), entry => entry.GetProperty("state").GetString() == "not-loaded");
    }

    [Fact]
    public async Task Other_routes_know_nothing_of_the_contract()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (status, _) = await gateway.PostJsonAsync("/v1/completions", """{"model":"qwen2-1.5b-instruct","prompt":"hi","temperature":5}""");
        Assert.Equal(200, status);
        Assert.DoesNotContain("max_tokens", gateway.Simulator.State.Counters.LastRequests[^1].Body);
    }

    [Theory]
    [Trait("req", "S2-33")]
    [Trait("req", "S2-43")]
    [InlineData("\"max_tokens\":0", "max_tokens", "Max tokens must be between 1 and 128000, got 0")]
    [InlineData("\"max_tokens\":128001", "max_tokens", "Max tokens must be between 1 and 128000, got 128001")]
    [InlineData("\"max_completion_tokens\":-1", "max_completion_tokens", "Max tokens must be between 1 and 128000, got -1")]
    [InlineData("\"temperature\":2.5", "temperature", "Temperature must be between 0.0 and 2.0, got 2.5")]
    [InlineData("\"temperature\":-0.1", "temperature", "Temperature must be between 0.0 and 2.0, got -0.1")]
    [InlineData("\"temperature\":1e999", "temperature", "Temperature must be between 0.0 and 2.0, got 1e999")]
    [InlineData("\"top_p\":1.01", "top_p", "Top-p must be between 0.0 and 1.0, got 1.01")]
    [InlineData("\"frequency_penalty\":-2.1", "frequency_penalty", "Frequency penalty must be between -2.0 and 2.0, got -2.1")]
    [InlineData("\"presence_penalty\":3", "presence_penalty", "Presence penalty must be between -2.0 and 2.0, got 3")]
    [InlineData("\"top_logprobs\":21", "top_logprobs", "Top logprobs must be between 0 and 20, got 21")]
    [InlineData("\"n\":0", "n", "N (number of choices) must be between 1 and 10, got 0")]
    [InlineData("\"n\":11", "n", "N (number of choices) must be between 1 and 10, got 11")]
    [InlineData("\"temperature\":\"hot\"", "temperature", "'temperature' must be a number.")]
    [InlineData("\"max_tokens\":1.5", "max_tokens", "'max_tokens' must be a whole number.")]
    [InlineData("\"seed\":\"x\"", "seed", "'seed' must be a whole number.")]
    [InlineData("\"stop\":7", "stop", "'stop' must be a string or an array of strings.")]
    [InlineData("\"stop\":[\"a\",7]", "stop", "'stop' must be a string or an array of strings.")]
    [InlineData("\"stream\":\"yes\"", "stream", "'stream' must be true or false.")]
    [InlineData("\"extensions\":{\"temperature\":3}", "temperature", "Temperature must be between 0.0 and 2.0, got 3")]
    public async Task What_is_out_of_range_is_400_with_the_documents_words(string more, string parameter, string message)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var reply = await gateway.ChatAsync(more);
        reply.AssertError(400, "invalid_request_error", null, message);
        Assert.Equal(parameter, reply.Body.GetProperty("error").GetProperty("param").GetString());
        Assert.Empty(gateway.Seen());
    }

    [Fact]
    public async Task A_value_nested_deeper_than_anyone_reads_is_a_bad_request_too()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var deep = new string('[', 200) + new string(']', 200);
        var (status, _) = await gateway.ChatAsync($"\"temperature\":{deep},\"extensions\":{{\"x\":{deep}}}");
        Assert.Equal(400, status);
    }

    [Theory]
    [Trait("req", "S2-25")]
    [Trait("req", "S2-26")]
    [Trait("req", "S2-27")]
    [Trait("req", "S2-28")]
    [Trait("req", "S2-29")]
    [InlineData("\"temperature\":0,\"top_p\":0,\"frequency_penalty\":-2,\"presence_penalty\":-2,\"n\":1,\"max_tokens\":1,\"seed\":-5,\"stop\":\"END\"")]
    [InlineData("\"temperature\":2.0,\"top_p\":1.0,\"frequency_penalty\":2,\"presence_penalty\":2.0,\"top_logprobs\":20,\"max_tokens\":128000,\"seed\":42,\"stop\":[\"```\",\"END\"]")]
    public async Task The_ends_of_every_range_are_good_and_reach_LM_Studio(string more)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (status, _) = await gateway.ChatAsync(more);
        Assert.Equal(200, status);
        Assert.Contains(more, gateway.Seen()[^1].Body);
    }

    [Theory]
    [Trait("req", "S2-22")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[]}""", "Messages array cannot be empty")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":[{"role":"user"},{"role":"user","content":""},{"role":"user","content":null},{"role":"user","content":[]},{"role":"assistant","tool_calls":[]}]}""", "At least one message must have content or tool calls")]
    [InlineData("""{"model":"qwen2-1.5b-instruct"}""", "'messages' is required.")]
    [InlineData("""{"model":"qwen2-1.5b-instruct","messages":"hi"}""", "'messages' must be an array.")]
    public async Task Messages_are_needed_and_one_must_say_something(string body, string message)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        (await gateway.PostJsonAsync(ProviderGateway.Chat, body)).AssertError(400, "invalid_request_error", null, message);
    }

    [Fact]
    [Trait("req", "S2-22")]
    public async Task A_message_that_only_calls_tools_says_something()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (status, _) = await gateway.PostJsonAsync(ProviderGateway.Chat, """
            {"model":"qwen2-1.5b-instruct","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}
            """);
        Assert.Equal(200, status);
    }

    [Fact]
    [Trait("req", "S2-21")]
    public async Task The_model_must_be_text_and_without_one_the_default_answers()
    {
        await using var gateway = await ProviderGateway.StartAsync("default_model: granite");
        (await gateway.PostJsonAsync(ProviderGateway.Chat, """{"model":7,"messages":[{"role":"user","content":"hi"}]}""")).AssertError(400, "invalid_request_error", null, "'model' must be a string.");
        var (status, body) = await gateway.PostJsonAsync(ProviderGateway.Chat, """{"messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal((200, GatewayUnderTest.Other), (status, body.GetProperty("model").GetString()));
    }

    [Fact]
    [Trait("req", "S2-21")]
    public async Task Without_a_model_and_without_a_default_one_it_says_how_to_name_one()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (status, body) = await gateway.PostJsonAsync(ProviderGateway.Chat, """{"messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal((400, "model"), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    [Trait("req", "S2-30")]
    public async Task Streaming_is_off_unless_it_is_asked_for()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (_, body) = await gateway.ChatAsync();
        Assert.Equal("chat.completion", body.GetProperty("object").GetString());
        Assert.Equal("[DONE]", (await gateway.StreamAsync())[^1]);
    }

    [Fact]
    [Trait("req", "S2-32")]
    public async Task Every_other_OpenAI_parameter_is_passed_through()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        const string Tools = """[{"type":"function","function":{"name":"add","parameters":{"type":"object"}}}]""";
        const string Format = """{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object"}}}""";
        await gateway.ChatAsync($"\"tools\":{Tools},\"tool_choice\":\"auto\",\"response_format\":{Format},\"logprobs\":true,\"n\":1,\"user\":\"ada\",\"logit_bias\":{{\"1\":2}}");
        var sent = gateway.Sent();
        Assert.Equal((Tools, Format, "auto", true, 1, "ada", """{"1":2}"""), (
            sent.GetProperty("tools").GetRawText(), sent.GetProperty("response_format").GetRawText(), sent.GetProperty("tool_choice").GetString(),
            sent.GetProperty("logprobs").GetBoolean(), sent.GetProperty("n").GetInt32(), sent.GetProperty("user").GetString(), sent.GetProperty("logit_bias").GetRawText()));
    }

    [Fact]
    [Trait("req", "S2-32")]
    public async Task Content_parts_with_an_image_reach_a_vision_model()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";
        var (status, body) = await gateway.PostJsonAsync(ProviderGateway.Chat, """
            {"model":"qwen3-vl-4b-instruct","messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,PNG"}}]}]}
            """.Replace("PNG", Png, StringComparison.Ordinal));
        Assert.Equal(200, status);
        Assert.StartsWith("I see 1 image", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }
}
