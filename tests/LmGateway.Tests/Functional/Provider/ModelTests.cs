using System.Text.Json;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Provider;

/// <summary>Which model answers, and what is said where another one would.</summary>
public sealed class ModelTests
{
    [Fact]
    [Trait("req", "S2-19")]
    public async Task The_list_holds_loaded_models_only()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        foreach (var path in new[] { "/v1/models", "/models" }) Assert.Empty(await IdsAsync(gateway, path));
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen/qwen3-4b-2507"}""");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"text-embedding-nomic-embed-text-v1.5"}""");
        foreach (var path in new[] { "/v1/models", "/models" }) Assert.Equal(["qwen/qwen3-4b-2507", GatewayUnderTest.Embedder], await IdsAsync(gateway, path));
    }

    [Fact]
    [Trait("req", "S2-19")]
    public async Task A_setting_makes_it_list_all_that_can_be_asked_for()
    {
        await using var gateway = await ProviderGateway.StartAsync("provider: lmstudio\nmodels: all");
        Assert.Contains(GatewayUnderTest.Chat, await IdsAsync(gateway, "/v1/models"));
        Assert.Empty(await IdsAsync(gateway, "/v1/models?state=loaded"));
    }

    [Theory]
    [Trait("req", "S2-40")]
    [InlineData("TheBloke/Mistral-7B-Instruct-v0.2-GGUF")]
    [InlineData("Mistral-7B")]
    [InlineData("mistral")]
    public async Task The_whole_path_is_a_name_and_so_is_a_unique_part_of_it(string name)
    {
        const string Key = "TheBloke/Mistral-7B-Instruct-v0.2-GGUF";
        await using var gateway = await ProviderGateway.StartAsync($"default_model: {name}\nallowed_models: [{name}]", simulator => simulator with { ExtraModels = [Key] });
        var (status, body) = await gateway.ChatAsync(model: name);
        Assert.Equal((200, Key), (status, body.GetProperty("model").GetString()));
        (status, body) = await gateway.PostJsonAsync(ProviderGateway.Chat, """{"messages":[{"role":"user","content":"hi"}]}""");
        Assert.Equal((200, Key), (status, body.GetProperty("model").GetString()));
    }

    [Theory]
    [Trait("req", "S2-41")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_LM_Studio_answers_with_another_model_the_answer_is_404_and_names_it(bool stream)
    {
        await using var server = await LoneModelAsync();
        await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(), "provider: lmstudio");
        var reply = await gateway.ChatAsync($"\"stream\":{(stream ? "true" : "false")}", GatewayUnderTest.Other);
        reply.AssertError(404, "invalid_request_error", "model_not_found", $"Model '{GatewayUnderTest.Other}' is not available. Available models: {GatewayUnderTest.Chat}");
        Assert.Single(server.State.Counters.LastRequests, request => request.Path == ProviderGateway.Chat);
        await Eventually.TrueAsync(() => server.State.Counters.OpenStreams == 0, "nothing runs on");
    }

    [Fact]
    [Trait("req", "S2-41")]
    public async Task Without_the_contract_another_models_answer_is_handed_on()
    {
        await using var server = await LoneModelAsync();
        await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(), "base_url: http://127.0.0.1:1");
        var (status, body) = await gateway.ChatAsync(model: GatewayUnderTest.Other);
        Assert.Equal((200, GatewayUnderTest.Chat), (status, body.GetProperty("model").GetString()));
    }

    [Fact]
    [Trait("req", "S2-41")]
    public async Task An_instance_under_a_name_of_its_own_is_the_model_that_was_asked_for()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","activate":false}""");
        foreach (var name in new[] { "primary", GatewayUnderTest.Chat })
        {
            var (status, body) = await gateway.ChatAsync(model: name);
            Assert.Equal((200, "primary"), (status, body.GetProperty("model").GetString()));
        }
    }

    [Fact]
    [Trait("req", "S2-04")]
    [Trait("req", "S2-10")]
    public async Task Only_allowed_models_may_be_asked_for_and_the_error_lists_them()
    {
        await using var gateway = await ProviderGateway.StartAsync("allowed_models: [qwen/qwen3-4b-2507, granite-3.0-2b-instruct]");
        (await gateway.ChatAsync()).AssertError(400, "invalid_request_error", "model_not_found",
            $"Model '{GatewayUnderTest.Chat}' is not in the allowed list. Available models: qwen/qwen3-4b-2507, granite-3.0-2b-instruct");
        Assert.Equal(200, (await gateway.ChatAsync(model: "qwen/qwen3-4b-2507")).Status);
        (await gateway.ChatAsync(model: "no-such-model")).AssertError(404, "invalid_request_error", "model_not_found",
            "Model 'no-such-model' is not available. Available models: granite-3.0-2b-instruct, qwen/qwen3-4b-2507");
    }

    [Fact]
    [Trait("req", "S2-42")]
    public async Task Each_request_chooses_its_model()
    {
        await using var gateway = await ProviderGateway.StartAsync();
        foreach (var name in new[] { GatewayUnderTest.Chat, GatewayUnderTest.Other, GatewayUnderTest.Chat })
            Assert.Equal(name, (await gateway.ChatAsync(model: name)).Body.GetProperty("model").GetString());
    }

    [Fact]
    [Trait("req", "S2-52")]
    public async Task A_model_that_was_loaded_beforehand_answers_without_another_load()
    {
        await using var server = await LoadedAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0 });
        await using var gateway = await ProviderGateway.StartAgainstAsync(server.Address.ToString(), "provider: lmstudio");
        Assert.Equal("[DONE]", (await gateway.StreamAsync())[^1]);
        Assert.Equal(1, server.State.Counters.Snapshot().LoadsStarted);
    }

    /// <summary>An LM Studio that cannot be controlled and whose only loaded model answers for all others.</summary>
    private static async Task<SimulatorServer> LoneModelAsync()
    {
        var server = await LoadedAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero, TokensPerSecond = 0, LoneModelAnswers = true });
        server.State.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });
        return server;
    }

    private static async Task<SimulatorServer> LoadedAsync(SimulatorOptions options)
    {
        var server = await SimulatorServer.StartAsync(options, cancellationToken: TestContext.Current.CancellationToken);
        await server.State.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = GatewayUnderTest.Chat, Domain = ModelDomain.Llm }, TestContext.Current.CancellationToken);
        return server;
    }

    private static async Task<List<string?>> IdsAsync(GatewayUnderTest gateway, string path)
    {
        var (status, body) = await gateway.GetJsonAsync(path);
        Assert.Equal((200, "list"), (status, body.GetProperty("object").GetString()));
        return [.. body.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("id").GetString()).Order(StringComparer.Ordinal)];
    }
}
