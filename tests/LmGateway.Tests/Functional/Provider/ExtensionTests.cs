using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>Sampling parameters beyond OpenAI's: where they may stand, what they may be, and what is told about them.</summary>
public sealed class ExtensionTests
{
    private const string Header = "x-lmgateway-ignored-parameters";

    [Theory]
    [Trait("req", "S2-31")]
    [InlineData("\"top_k\":40,\"repeat_penalty\":1.1")]
    [InlineData("\"extensions\":{\"top_k\":40,\"repeat_penalty\":1.1}")]
    [InlineData("\"top_k\":40,\"extensions\":{\"repeat_penalty\":1.1}")]
    public async Task What_LM_Studio_takes_reaches_it_from_either_place_and_nothing_is_said_about_it(string more)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        using var response = await gateway.PostAsync(ProviderGateway.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi", more));
        Assert.Equal((40, 1.1), (gateway.Sent().GetProperty("top_k").GetInt32(), gateway.Sent().GetProperty("repeat_penalty").GetDouble()));
        Assert.False(gateway.Sent().TryGetProperty("extensions", out _));
        Assert.False(response.Headers.Contains(Header));
    }

    [Theory]
    [Trait("req", "S2-31")]
    [InlineData("\"microstat_mode\":2,\"cache_prompt\":true", false, "mirostat_mode, cache_prompt")]
    [InlineData("\"extensions\":{\"microstat_mode\":2,\"cache_prompt\":true}", false, "mirostat_mode, cache_prompt")]
    [InlineData("\"mirostat_mode\":2,\"microstat_mode\":1,\"cache_prompt\":true", true, "mirostat_mode, cache_prompt")]
    [InlineData("\"top_k\":1,\"extensions\":{\"mirostat_mode\":2,\"cache_prompt\":true,\"dry_base\":1}", true, "mirostat_mode, cache_prompt, dry_base")]
    public async Task What_LM_Studio_has_no_use_for_is_told_and_still_sent(string more, bool stream, string ignored)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        using var response = await gateway.PostAsync(ProviderGateway.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi", $"\"stream\":{(stream ? "true" : "false")},{more}"));
        Assert.Equal([ignored], response.Headers.GetValues(Header));
        Assert.Equal((2, true), (gateway.Sent().GetProperty("mirostat_mode").GetInt32(), gateway.Sent().GetProperty("cache_prompt").GetBoolean()));
        Assert.DoesNotContain("microstat", gateway.Seen()[^1].Body);
    }

    [Theory]
    [Trait("req", "S2-31")]
    [Trait("req", "S2-33")]
    [InlineData("top_k", "0", "'top_k' must be greater than 0, got 0")]
    [InlineData("min_p", "1.5", "'min_p' must be between 0 and 1, got 1.5")]
    [InlineData("repeat_penalty", "-1", "'repeat_penalty' must be at least 0, got -1")]
    [InlineData("mirostat_mode", "3", "'mirostat_mode' must be 0, 1 or 2, got 3")]
    [InlineData("microstat_mode", "3", "'mirostat_mode' must be 0, 1 or 2, got 3")]
    [InlineData("mirostat_tau", "0", "'mirostat_tau' must be greater than 0, got 0")]
    [InlineData("mirostat_eta", "-0.5", "'mirostat_eta' must be between 0 and 1, got -0.5")]
    [InlineData("grammar", "7", "'grammar' must be a string.")]
    [InlineData("cache_prompt", "\"yes\"", "'cache_prompt' must be true or false.")]
    [InlineData("n_probs", "-1", "'n_probs' must be at least 0, got -1")]
    [InlineData("tfs_z", "-1", "'tfs_z' must be at least 0, got -1")]
    [InlineData("typical_p", "2", "'typical_p' must be between 0 and 1, got 2")]
    [InlineData("min_tokens", "-1", "'min_tokens' must be at least 0, got -1")]
    public async Task What_is_out_of_range_is_an_invalid_extension_in_either_place(string name, string value, string message)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        foreach (var more in new[] { $"\"{name}\":{value}", $"\"extensions\":{{\"{name}\":{value}}}" })
            (await gateway.ChatAsync(more)).AssertError(400, "invalid_request_error", "invalid_extension", message);
        Assert.Empty(gateway.Seen());
    }
}
