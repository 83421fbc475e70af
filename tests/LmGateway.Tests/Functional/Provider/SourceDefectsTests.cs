using System.Text.Json;
using LmGateway.Tests.Backends.Mock;
using LmGateway.Tests.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>What the document's own program got wrong, and what holds here. Retries are in <see cref="RetryTests"/>.</summary>
public sealed class SourceDefectsTests
{
    [Fact]
    public void Names_with_underscores_are_read_whole()
    {
        var options = Given.FromEnvironment(("INFERENCE_INFERENCE_BASE_URL", "http://10.0.0.1:1"), ("INFERENCE_INFERENCE_DEFAULT_MODEL", "m"), ("INFERENCE_INFERENCE_HTTP_TIMEOUT_SECS", "7")).Options;
        Assert.Equal(("http://10.0.0.1:1", "m", 7), (options.LmStudio.BaseUrl, options.Inference.DefaultModel, options.Inference.HttpTimeoutSecs));
    }

    [Fact]
    public async Task Allowed_models_with_slashes_start_and_work()
    {
        await using var gateway = await ProviderGateway.StartAsync("allowed_models: [qwen/qwen3-4b-2507]");
        Assert.Equal(200, (await gateway.ChatAsync(model: "qwen/qwen3-4b-2507")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/")]
    public async Task An_address_with_and_without_v1_is_the_same(string ending)
    {
        await using var server = await LmStudio.Simulator.SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 }, cancellationToken: TestContext.Current.CancellationToken);
        var address = server.Address.ToString().TrimEnd('/') + ending;
        var loaded = Given.FromYaml($"inference:\n  provider: openai\n  base_url: {address}");
        await using var gateway = await ProviderGateway.StartAgainstAsync(loaded.Options.LmStudio.BaseUrl, $"provider: openai\nbase_url: {address}");
        Assert.Equal(200, (await gateway.ChatAsync()).Status);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_404_and_not_400()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        Assert.Equal(404, (await gateway.ChatAsync(model: "no-such-model")).Status);
    }

    [Fact]
    public async Task Tools_JSON_schemas_and_content_parts_are_neither_dropped_nor_refused()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (status, body) = await gateway.PostJsonAsync(ProviderGateway.Chat, """
            {"model":"qwen2-1.5b-instruct","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"tool_choice":"required",
             "tools":[{"type":"function","function":{"name":"add","parameters":{"type":"object"}}}]}
            """);
        Assert.Equal((200, "tool_calls"), (status, body.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
        (status, body) = await gateway.ChatAsync("""
            "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"n":{"type":"number"}},"required":["n"]}}}
            """);
        Assert.Equal(200, status);
        Assert.Equal(JsonValueKind.Number, JsonElement.Parse(body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!).GetProperty("n").ValueKind);
    }

    [Fact]
    public async Task The_mock_starts_without_an_address()
    {
        using var folder = new MockFolder();
        folder.Write("default.yaml", "responses: [{ text: hi }]");
        var loaded = Given.FromYaml($"inference:\n  provider: mock\n  mock:\n    responses_dir: \"{folder.Path}\"");
        Assert.Empty(loaded.Errors);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(loaded.Options.LmStudio.BaseUrl, options => options with { Inference = loaded.Options.Inference });
        Assert.Equal(200, (await gateway.ChatAsync(model: "any")).Status);
    }

    [Fact]
    public async Task A_stream_may_take_longer_than_the_limit_of_whole_requests()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulator => simulator with { TimeToFirstToken = TimeSpan.FromMilliseconds(1500) },
            options => options with { Inference = options.Inference with { Provider = "lmstudio", HttpTimeoutSecs = 1 } });
        Assert.Equal("[DONE]", (await gateway.StreamAsync())[^1]);
    }
}
