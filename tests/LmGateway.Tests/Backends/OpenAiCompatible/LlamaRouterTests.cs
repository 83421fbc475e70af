using LmGateway.Backends;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.OpenAiCompatible;

/// <summary>A llama-server that is a router, by recorded exchanges with a real one.</summary>
public sealed class LlamaRouterTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_report_tells_what_is_loaded()
    {
        await using var server = ReplayedLlamaServer.Of("423-router-models-one-loaded");
        await using var backend = LlamaServerTests.At(server);
        var report = await backend.ReportAsync(Cancelled);
        Assert.True(report.Traits is { Kind: "llama-server", CanLoad: true, TakesAnyModelName: false });
        Assert.True(report.Control is { Rest: true, CanLoadOnDemand: true });
        Assert.Contains(report.Models, model => model.Key == "tiny-beta-thinking");
        var instance = Assert.Single(report.Instances);
        Assert.Equal(("tiny-alpha", 2048), (instance.Identifier, instance.ContextLength));
    }

    [Fact]
    public async Task A_load_returns_when_the_list_says_loaded()
    {
        await using var server = ReplayedLlamaServer.Of("402-router-models-unloaded", "402-router-models-unloaded", "423-router-models-one-loaded", "421-load");
        await using var backend = LlamaServerTests.At(server);
        await backend.ReportAsync(Cancelled);
        var loaded = await backend.LoadAsync(new LoadOrder("tiny-alpha") { Identifier = "mine", Settings = new LoadSettings { ContextLength = 512 } }, null, Cancelled);
        Assert.Equal(("tiny-alpha", false), (loaded.Instance.Identifier, loaded.WasLoaded));
        Assert.Equal(["instanceId", "contextLength"], loaded.NotApplied.Select(item => item.Parameter));
        Assert.Equal("""{"model":"tiny-alpha"}""", server.Asked.Single(request => request.Path == "/models/load").Body);
    }

    [Fact]
    public async Task Loading_what_is_loaded_is_no_error()
    {
        await using var server = ReplayedLlamaServer.Of("423-router-models-one-loaded", "424-load-again");
        await using var backend = LlamaServerTests.At(server);
        await backend.ReportAsync(Cancelled);
        Assert.True((await backend.LoadAsync(new LoadOrder("tiny-alpha"), null, Cancelled)).WasLoaded);
    }

    [Theory]
    [InlineData("broken", "443-load-broken", "444-models-after-failed-load", ErrorCode.LoadFailed)]
    [InlineData("nope", "410-load-unknown", "402-router-models-unloaded", ErrorCode.ModelNotFound)]
    [InlineData("tiny-alpha", "473-load-while-the-only-place-is-busy", "402-router-models-unloaded", ErrorCode.InsufficientMemory)]
    public async Task A_load_that_fails_says_why(string model, string load, string list, object code)
    {
        await using var server = ReplayedLlamaServer.Of("402-router-models-unloaded", list, load);
        await using var backend = LlamaServerTests.At(server);
        await backend.ReportAsync(Cancelled);
        var failure = await Assert.ThrowsAsync<GatewayException>(() => backend.LoadAsync(new LoadOrder(model), null, Cancelled));
        Assert.Equal(((ErrorCode)code, "openai"), (failure.Error.Code, failure.Error.Backend));
    }

    [Fact]
    public async Task An_unload_returns_when_the_list_says_so()
    {
        await using var server = ReplayedLlamaServer.Of("423-router-models-one-loaded", "423-router-models-one-loaded", "402-router-models-unloaded", "459-unload");
        await using var backend = LlamaServerTests.At(server);
        await backend.ReportAsync(Cancelled);
        await backend.UnloadAsync("tiny-alpha", Cancelled);
        Assert.Empty((await backend.ReportAsync(Cancelled)).Instances);
    }

    [Theory]
    [InlineData("413-unload-unknown")]
    [InlineData("414-unload-not-running")]
    public async Task Unloading_what_is_not_loaded_is_not_found(string recorded)
    {
        await using var server = ReplayedLlamaServer.Of("402-router-models-unloaded", recorded);
        await using var backend = LlamaServerTests.At(server);
        await backend.ReportAsync(Cancelled);
        var failure = await Assert.ThrowsAsync<GatewayException>(() => backend.UnloadAsync("tiny-alpha", Cancelled));
        Assert.Equal(ErrorCode.ModelNotFound, failure.Error.Code);
    }
}
