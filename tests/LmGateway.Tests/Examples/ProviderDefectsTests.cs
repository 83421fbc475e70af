using System.Text.Json;
using LmGateway.Tests.Configuration;
using LmGateway.Tests.Functional;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>What the authors' own code of the provider got wrong, each as what must hold here. Its mock belongs to the provider contract.</summary>
public sealed class ProviderDefectsTests
{
    [Theory]
    [InlineData("INFERENCE_INFERENCE_BASE_URL", "http://10.0.0.7:1234", "lmstudio.base_url")]
    [InlineData("INFERENCE_INFERENCE_DEFAULT_MODEL", "a/b", "inference.default_model")]
    [InlineData("INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS", "61", "inference.http.timeout_secs")]
    [InlineData("INFERENCE_INFERENCE_HTTP_CONNECT_TIMEOUT_SECS", "11", "inference.http.connect_timeout_secs")]
    [InlineData("INFERENCE_INFERENCE_HTTP_MAX_IDLE_CONNECTIONS", "12", "inference.http.max_idle_connections")]
    [InlineData("INFERENCE_INFERENCE_ALLOWED_MODELS", "a/b", "inference.allowed_models")]
    public void Defect_1_names_whose_key_has_an_underscore_were_misread(string name, string value, string key)
    {
        var loaded = Given.FromEnvironment((name, value));
        Assert.Empty(loaded.Errors);
        Assert.Empty(loaded.Warnings);
        Assert.Equal(value, loaded.Effective[key].Setting.Show(loaded.Effective[key].Value));
    }

    [Fact]
    public async Task Defect_2_allowed_models_with_slashes_kept_the_service_from_starting()
    {
        await using var gateway = await ProviderExamplesTests.StartAsync(yaml: "Full Configuration");
        foreach (var model in new[] { "TheBloke/Mistral-7B-Instruct-v0.2-GGUF", "TheBloke/Llama-2-7B-Chat-GGUF" })
        {
            var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(model, "hi"));
            Assert.Equal((200, model), (status, body.GetProperty("model").GetString()));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    [InlineData("/api/v0")]
    public async Task Defect_3_a_base_URL_that_ends_in_v1_was_called_at_v1_v1(string end)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var loaded = Given.FromYaml($"inference:\n  base_url: {gateway.Simulator.Address.ToString().TrimEnd('/')}{end}");
        await using var configured = await GatewayUnderTest.StartAgainstAsync(loaded.Options.LmStudio.BaseUrl);
        Assert.Equal(200, (await configured.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"))).Status);
        Assert.Contains(gateway.Simulator.State.Counters.LastRequests, request => request.Path == "/v1/chat/completions");
    }

    [Theory]
    [InlineData("Mistral", 200, "TheBloke/Mistral-7B-Instruct-v0.2-GGUF")]
    [InlineData("llama-2-7b", 200, "TheBloke/Llama-2-7B-Chat-GGUF")]
    [InlineData("TheBloke", 400, "'TheBloke' fits several models: TheBloke/Llama-2-7B-Chat-GGUF, TheBloke/Mistral-7B-Instruct-v0.2-GGUF. Name one of them in full.")]
    public async Task Defect_4_any_unique_part_of_a_name_was_promised_and_not_taken(string name, int expected, string answer)
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(name, "hi"));
        Assert.Equal((expected, answer), (status, status == 200 ? body.GetProperty("model").GetString() : body.GetProperty("error").GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Defect_5_an_unknown_model_was_400_although_404_is_documented()
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("mixtral", "hi"));
        Assert.Equal(404, status);
        Assert.Equal("model_not_found", body.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("Available models: TheBloke/Llama-2-7B-Chat-GGUF, TheBloke/Mistral-7B-Instruct-v0.2-GGUF, ", body.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Defect_6_tools_and_content_parts_were_dropped_or_refused()
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        const string tools = """
            "tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"}}}}}],"tool_choice":"required",
            "response_format":{"type":"text"},"logprobs":true,"n":1,"user":"ada"
            """;
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", $$"""{"model":"local-model","messages":[{"role":"user","content":[{"type":"text","text":"add"}]}],{{tools}}}""");
        Assert.Equal(200, status);
        Assert.Equal("tool_calls", body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        var sent = JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
        foreach (var name in new[] { "tools", "tool_choice", "response_format", "logprobs", "n", "user" }) Assert.True(sent.TryGetProperty(name, out _), name);
    }

    [Theory]
    [InlineData(FaultKind.ErrorStatus, 500)]
    [InlineData(FaultKind.ResetBeforeHeaders, 502)]
    public async Task Defect_7_one_request_could_be_generated_up_to_four_times(FaultKind kind, int expected)
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = kind, Scope = "/v1/chat" });
        var (status, _) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("local-model", "hi"));
        Assert.Equal(expected, status);
        Assert.Equal(1, gateway.Simulator.State.Counters.Snapshot().Requests["POST /v1/chat/completions"]);
    }

    [Theory]
    [InlineData("\"microstat_mode\":2,\"cache_prompt\":true")]
    [InlineData("\"mirostat_mode\":2,\"cache_prompt\":true")]
    [InlineData("\"extensions\":{\"microstat_mode\":2,\"cache_prompt\":true}")]
    [InlineData("\"extensions\":{\"mirostat_mode\":2,\"cache_prompt\":true}")]
    public async Task S2_31_the_extensions_reach_LM_Studio_in_either_place_and_spelling(string parameters)
    {
        await using var gateway = await ProviderExamplesTests.StartAsync();
        var (status, _) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("local-model", "hi", parameters));
        Assert.Equal(200, status);
        var sent = JsonElement.Parse(gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
        Assert.Equal((2, true), (sent.GetProperty("mirostat_mode").GetInt32(), sent.GetProperty("cache_prompt").GetBoolean()));
    }

    [Fact]
    [Trait("req", "S4-49")]
    public async Task S4_49_and_S2_47_a_request_past_its_time_is_504_with_the_documented_words()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulator => simulator with { TimeToFirstToken = TimeSpan.FromHours(1) },
            options => options with { Timeouts = options.Timeouts with { RequestMs = 200 } });
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        Assert.Equal(504, status);
        Assert.StartsWith("timeout of 200ms exceeded", body.GetProperty("error").GetProperty("message").GetString());
        await BadInputGateway.AssertNothingLeftAsync(gateway);
    }

    [Fact]
    public async Task S2_46_without_LM_Studio_a_request_is_502()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9");
        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        Assert.Equal(502, status);
        Assert.Equal("provider_connection_failed", body.GetProperty("error").GetProperty("code").GetString());
    }
}
