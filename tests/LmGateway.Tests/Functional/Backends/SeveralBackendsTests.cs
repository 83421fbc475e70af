using System.Text.Json;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>One gateway in front of several backends at once.</summary>
public sealed class SeveralBackendsTests : IAsyncLifetime
{
    /// <summary>On both.</summary>
    private const string Shared = "granite:2b";

    private SimulatorServer? studio;
    private OllamaServer? ollama;
    private OllamaServer? second;
    private GatewayUnderTest? gateway;

    private GatewayUnderTest Gateway => gateway!;

    public async ValueTask InitializeAsync()
    {
        studio = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.FromMilliseconds(20), TokensPerSecond = 0 });
        ollama = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b", "llama3.2:latest", Shared], LoadTime = TimeSpan.FromMilliseconds(20) });
        second = await OllamaServer.StartAsync(new StandInOptions { Models = [Shared] });
        gateway = await GatewayUnderTest.StartAgainstAsync(studio.Address.ToString(), options => options with { Backends = ["lmstudio", $"ollama@{ollama.Address}", $"box=ollama@{second.Address}"] });
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await ollama!.DisposeAsync();
        await second!.DisposeAsync();
        await studio!.DisposeAsync();
    }

    [Fact]
    public async Task The_list_has_every_model_of_every_backend_and_tells_the_same_key_apart()
    {
        // A backend that is slow to answer is not waited for; its models come with the next look.
        string[] expected = [GatewayUnderTest.Chat, "llama3.2:3b", $"ollama/{Shared}", $"box/{Shared}"];
        await Eventually.TrueAsync(
            async () =>
            {
                var (_, body) = await Gateway.GetJsonAsync("/v1/models");
                var ids = body.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()!).ToList();
                return expected.All(ids.Contains) && !ids.Contains(Shared);
            },
            "every model of every backend is listed, and the same key by its backend");
    }

    [Fact]
    public async Task A_request_goes_to_the_backend_that_has_the_model()
    {
        Assert.Equal("1, 2, 3", await AskAsync(GatewayUnderTest.Chat));
        Assert.DoesNotContain("POST /v1/chat/completions", ollama!.State.Requests);
        Assert.Equal("1, 2, 3", await AskAsync("llama3.2:3b"));
        Assert.Contains("POST /v1/chat/completions", ollama.State.Requests);
    }

    [Fact]
    public async Task A_key_that_two_backends_have_is_asked_for_by_the_backends_name()
    {
        var (status, body) = await Gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(Shared, "count to 3"));
        Assert.Equal(400, status);
        var message = body.GetProperty("error").GetProperty("message").GetString()!;
        Assert.Contains($"box/{Shared}, ollama/{Shared}", message, StringComparison.Ordinal);
        Assert.Equal("1, 2, 3", await AskAsync($"box/{Shared}"));
        Assert.Contains("POST /v1/chat/completions", second!.State.Requests);
        Assert.DoesNotContain("POST /v1/chat/completions", ollama!.State.Requests);
    }

    [Fact]
    public async Task Loading_and_unloading_name_the_backend_too()
    {
        Assert.Equal(200, (await Gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"box/{{Shared}}"}""")).Status);
        Assert.Equal(200, (await Gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"ollama/{{Shared}}"}""")).Status);
        Assert.Equal((1, 1), (second!.State.Running.Count, ollama!.State.Running.Count));
        Assert.Equal(409, (await Gateway.PostJsonAsync("/admin/models/unload", $$"""{"modelKey":"{{Shared}}"}""")).Status);
        Assert.Equal(200, (await Gateway.PostJsonAsync("/admin/models/unload", $$"""{"modelKey":"box/{{Shared}}"}""")).Status);
        Assert.Equal((0, 1), (second.State.Running.Count, ollama.State.Running.Count));
    }

    [Fact]
    public async Task A_name_without_a_tag_means_the_latest()
    {
        Assert.Equal("1, 2, 3", await AskAsync("llama3.2"));
        Assert.Contains("llama3.2:latest", ollama!.State.Running.Keys);
    }

    [Fact]
    public async Task Many_first_requests_for_a_cold_model_of_Ollama_load_it_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => AskAsync("llama3.2:3b")));
        Assert.Equal(1, ollama!.State.Loads);
        Assert.Single(ollama.State.Requests, request => request == "POST /api/generate");
    }

    [Fact]
    public async Task A_model_is_downloaded_to_and_deleted_from_the_backend_that_is_named()
    {
        var (status, body) = await Gateway.PostJsonAsync("/admin/models/download", """{"identifier":"hf.co/user/repo:Q4_K_M","backend":"box"}""");
        Assert.True(status < 300, body.GetRawText());
        await Eventually.TrueAsync(() => second!.State.Find("hf.co/user/repo:Q4_K_M") is not null, "it is there");
        Assert.Null(ollama!.State.Find("hf.co/user/repo:Q4_K_M"));

        await Gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"box/{{Shared}}"}""");
        using var deleted = await Gateway.Http.DeleteAsync($"/admin/models/box/{Shared}?confirm=true", TestContext.Current.CancellationToken);
        Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await Eventually.TrueAsync(() => second!.State.Find(Shared) is null, "it is gone");
        Assert.Empty(second!.State.Running);
        Assert.NotNull(ollama.State.Find(Shared));
    }

    [Fact]
    public async Task One_backend_that_goes_away_does_not_take_the_others_with_it()
    {
        await second!.DisposeAsync();
        await Eventually.TrueAsync(async () => (await Gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString() == "degraded", "health tells of it");
        Assert.Equal("1, 2, 3", await AskAsync("llama3.2:3b"));
        Assert.Equal("1, 2, 3", await AskAsync(GatewayUnderTest.Chat));
        var backends = (await Gateway.GetJsonAsync("/health")).Body.GetProperty("backends").EnumerateArray().ToDictionary(backend => backend.GetProperty("name").GetString()!, backend => backend.GetProperty("reachable").GetBoolean());
        Assert.Equal((true, true, false), (backends["lmstudio"], backends["ollama"], backends["box"]));
    }

    private async Task<string> AskAsync(string model)
    {
        var (status, body) = await Gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(model, "count to 3"));
        Assert.True(status == 200, body.GetRawText());
        return body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }
}
