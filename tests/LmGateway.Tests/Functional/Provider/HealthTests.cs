using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary><c>/health</c> with the provider's status and its HTTP configuration.</summary>
public sealed class HealthTests
{
    [Fact]
    [Trait("req", "S2-20")]
    [Trait("req", "S2-06")]
    [Trait("req", "S2-07")]
    [Trait("req", "S2-08")]
    public async Task It_tells_the_provider_and_how_it_is_asked()
    {
        await using var gateway = await ProviderGateway.StartAsync("provider: lmstudio\nhttp: { timeout_secs: 60, connect_timeout_secs: 10, keep_alive_secs: 30, max_idle_connections: 10, max_retries: 2, retry_backoff_ms: 5 }");
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "healthy", "lmstudio"), (status, body.GetProperty("status").GetString(), body.GetProperty("provider").GetString()));
        Assert.Equal(
            """{"timeout_secs":60,"connect_timeout_secs":10,"keep_alive_secs":30,"max_idle_connections":10,"max_retries":2,"retry_backoff_ms":5}""",
            body.GetProperty("http_config").GetRawText());
    }

    [Fact]
    [Trait("req", "S2-09")]
    [Trait("req", "S2-20")]
    public async Task Without_an_http_section_there_are_good_defaults()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        var (_, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal("""{"timeout_secs":120,"connect_timeout_secs":10,"keep_alive_secs":60,"max_retries":3,"retry_backoff_ms":250}""", body.GetProperty("http_config").GetRawText());
    }

    [Fact]
    [Trait("req", "S2-20")]
    public async Task A_provider_that_is_away_is_told_with_the_reason()
    {
        await using var gateway = await ProviderGateway.StartAgainstAsync("http://127.0.0.1:9", "provider: lmstudio");
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "degraded", "lmstudio"), (status, body.GetProperty("status").GetString(), body.GetProperty("provider").GetString()));
        Assert.Contains("connection refused", body.GetProperty("backends")[0].GetProperty("error").GetString());
    }
}
