using System.Text.Json;
using LmGateway.Tests.Backends.Mock;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The providers of the document's comparison, chosen by configuration.</summary>
public sealed class ProvidersTests
{
    private static readonly SimulatorOptions Fast = new() { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 };

    [Fact]
    [Trait("req", "S2-01")]
    [Trait("req", "S2-55")]
    public async Task A_server_with_OpenAIs_API_lists_answers_and_streams()
    {
        await using var server = await SimulatorServer.StartAsync(Fast with { ApiToken = "sk-lm-AAAAAAAA:BBBBBBBBBBBBBBBBBBBB" }, cancellationToken: TestContext.Current.CancellationToken);
        await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(),
            $"provider: openai\nbase_url: {server.Address}v1\nopenai: {{ api_key: \"sk-lm-AAAAAAAA:BBBBBBBBBBBBBBBBBBBB\", organization_id: org-1 }}");
        var (_, models) = await gateway.GetJsonAsync("/v1/models");
        Assert.Contains(models.GetProperty("data").EnumerateArray(), entry => entry.GetProperty("id").GetString() == GatewayUnderTest.Chat);
        var (status, body) = await gateway.ChatAsync();
        Assert.Equal((200, "1, 2, 3"), (status, body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()));
        Assert.Equal("[DONE]", (await gateway.StreamAsync())[^1]);
        Assert.Equal("openai", (await gateway.GetJsonAsync("/health")).Body.GetProperty("provider").GetString());
        var seen = server.State.Counters.LastRequests.Last(request => request.Path == ProviderGateway.Chat);
        Assert.Equal(("Bearer sk-lm-AAAAAAAA:BBBBBBBBBBBBBBBBBBBB", "org-1"), (seen.Headers["Authorization"], seen.Headers["OpenAI-Organization"]));
        Assert.Contains("\"max_tokens\":100", seen.Body);
    }

    [Fact]
    [Trait("req", "S2-55")]
    public async Task A_wrong_key_is_told_in_health_and_in_answers()
    {
        await using var server = await SimulatorServer.StartAsync(Fast with { ApiToken = "sk-lm-AAAAAAAA:BBBBBBBBBBBBBBBBBBBB" }, cancellationToken: TestContext.Current.CancellationToken);
        await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(), $"provider: openai\nbase_url: {server.Address}");
        Assert.Equal("degraded", (await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString());
        Assert.NotEqual(200, (await gateway.ChatAsync()).Status);
    }

    [Fact]
    [Trait("req", "S2-01")]
    [Trait("req", "S2-55")]
    public async Task The_mock_answers_at_once_without_any_server()
    {
        using var folder = new MockFolder();
        folder.Write("default.yaml", "responses: [{ text: Hello there., model_used: mock-model, prompt_tokens: 3, completion_tokens: 2 }]");
        await using var gateway = await ProviderGateway.StartAgainstAsync("http://127.0.0.1:9", $"provider: mock\nmock: {{ responses_dir: \"{folder.Path}\" }}");
        var (status, body) = await gateway.ChatAsync(model: "anything");
        Assert.Equal((200, "mock-model", 5), (status, body.GetProperty("model").GetString(), body.GetProperty("usage").GetProperty("total_tokens").GetInt32()));
        var chunks = (await gateway.StreamAsync(model: "anything"))[..^1].Select(text => JsonElement.Parse(text)).ToList();
        Assert.Equal("Hello there.", string.Concat(chunks.Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : "")));
        Assert.Equal(5, chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(("healthy", "mock"), ((await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString(), (await gateway.GetJsonAsync("/health")).Body.GetProperty("provider").GetString()));
        var (_, embeddings) = await gateway.PostJsonAsync("/v1/embeddings", """{"model":"anything","input":["a","b"]}""");
        Assert.Equal(2, embeddings.GetProperty("data").GetArrayLength());
        var (_, completion) = await gateway.PostJsonAsync("/v1/completions", """{"model":"anything","prompt":"hi"}""");
        Assert.Equal("Hello there.", completion.GetProperty("choices")[0].GetProperty("text").GetString());
        var (_, response) = await gateway.PostJsonAsync("/v1/responses", """{"model":"anything","input":"hi"}""");
        Assert.Equal("Hello there.", response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    [Trait("req", "S2-55")]
    public async Task A_mock_without_its_folder_gives_the_built_in_reply_and_health_says_why()
    {
        await using var gateway = await ProviderGateway.StartAgainstAsync("http://127.0.0.1:9", "provider: mock\nmock: { responses_dir: /no/such/folder }");
        Assert.Equal("This is a mock response.", (await gateway.ChatAsync(model: "m")).Body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        var (_, health) = await gateway.GetJsonAsync("/health");
        Assert.Equal("The folder /no/such/folder does not exist: every model gives the built-in reply. Set inference.mock.responses_dir.", health.GetProperty("backends")[0].GetProperty("error").GetString());
    }

    [Fact]
    [Trait("req", "S2-55")]
    public async Task The_same_request_streams_from_every_provider()
    {
        await using var server = await SimulatorServer.StartAsync(Fast, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var provider in new[] { "lmstudio", "openai", "mock" })
        {
            await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(), $"provider: {provider}\nbase_url: {server.Address}\nmock: {{ responses_dir: /no/such/folder }}");
            var events = await gateway.StreamAsync();
            Assert.Equal("[DONE]", events[^1]);
            Assert.True(JsonElement.Parse(events[^2]).TryGetProperty("usage", out _), provider);
        }
    }
}
