using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>The document's table of errors, each as OpenAI's object, streamed or not.</summary>
public sealed class ErrorTests
{
    [Theory]
    [Trait("req", "S2-44")]
    [Trait("req", "S2-48")]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_model_that_LM_Studio_does_not_have_is_404(string stream)
    {
        await using var gateway = await ProviderGateway.StartAsync(simulate: simulator => simulator with { Stocked = false, ExtraModels = ["one", "two"] });
        (await gateway.ChatAsync($"\"stream\":{stream}", "local-model")).AssertError(404, "invalid_request_error", "model_not_found", "Model 'local-model' is not available. Available models: one, two");
    }

    [Theory]
    [Trait("req", "S2-45")]
    [Trait("req", "S2-48")]
    [InlineData("false")]
    [InlineData("true")]
    public async Task A_fault_of_LM_Studio_is_500(string stream)
    {
        await using var gateway = await ProviderGateway.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = ProviderGateway.Chat, Body = """{"error":"The model has crashed."}""" });
        (await gateway.ChatAsync($"\"stream\":{stream}")).AssertError(500, "api_error", "provider_error", "The model has crashed.");
    }

    [Theory]
    [Trait("req", "S2-46")]
    [Trait("req", "S2-48")]
    [InlineData("false")]
    [InlineData("true")]
    public async Task No_connection_to_LM_Studio_is_502(string stream)
    {
        await using var gateway = await ProviderGateway.StartAgainstAsync("http://127.0.0.1:9", "provider: lmstudio");
        (await gateway.ChatAsync($"\"stream\":{stream}")).AssertError(502, "api_error", "provider_connection_failed",
            "Failed to connect to inference provider: LM Studio cannot be reached at http://127.0.0.1:9: connection refused. Is it running, and is its server started?");
    }

    [Theory]
    [Trait("req", "S2-47")]
    [Trait("req", "S2-48")]
    [Trait("req", "S2-05")]
    [InlineData("false", "timeouts.request")]
    [InlineData("true", "timeouts.stream_idle")]
    public async Task A_generation_that_takes_too_long_is_504(string stream, string setting)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulator => simulator with { TimeToFirstToken = TimeSpan.FromHours(1) },
            options => options with
            {
                Inference = options.Inference with { Provider = "lmstudio", HttpTimeoutSecs = 1 },
                Timeouts = options.Timeouts with { StreamIdleMs = 300 },
            });
        var reply = await gateway.ChatAsync($"\"stream\":{stream}");
        var text = reply.Body.GetProperty("error").GetProperty("message").GetString()!;
        Assert.StartsWith($"Request to inference provider timed out: timeout of {(stream == "true" ? 300 : 1000)}ms exceeded: LM Studio did not answer in time.", text, StringComparison.Ordinal);
        Assert.Contains(setting, text, StringComparison.Ordinal);
        reply.AssertError(504, "timeout_error", "provider_timeout", text);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.OpenStreams == 0, "the generation ends with it");
    }

    [Fact]
    public async Task A_refused_credential_is_401()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.AuthRequired, Scope = ProviderGateway.Chat });
        var (status, body) = await gateway.ChatAsync();
        Assert.Equal((401, "authentication_error", "invalid_api_key"), (status, body.GetProperty("error").GetProperty("type").GetString(), body.GetProperty("error").GetProperty("code").GetString()));
    }
}
