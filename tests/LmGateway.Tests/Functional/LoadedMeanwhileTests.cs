using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Others load models too: the catalog learns of it by looking, which a load on demand does not wait for.</summary>
public sealed class LoadedMeanwhileTests
{
    [Fact]
    public async Task A_model_that_somebody_else_loaded_since_the_last_look_is_not_loaded_twice()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Catalog = new() { PollSeconds = 3600, BusyPollSeconds = 3600 } });
        await gateway.GetJsonAsync("/v1/models");
        using var direct = new HttpClient { BaseAddress = gateway.Simulator.Address };
        using var loaded = await direct.SendAsync(GatewayUnderTest.Request("/api/v1/models/load", $$"""{"model":"{{GatewayUnderTest.Chat}}"}"""));
        loaded.EnsureSuccessStatusCode();

        var (status, body) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));

        Assert.Equal(200, status);
        Assert.Equal(GatewayUnderTest.Chat, body.GetProperty("model").GetString());
        Assert.Equal(1, gateway.Simulator.State.Counters.Snapshot().LoadsStarted);
    }
}
