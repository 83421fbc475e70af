using LmStudio.Simulator.Engine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>LM Studio answers, but not on every way of control; and servers that are not LM Studio at all.</summary>
public sealed class ControlRefusedTests
{
    private static readonly Fault NoWebSocket = new() { Kind = FaultKind.WebsocketRefused };
    private static readonly Fault NoRest = new() { Kind = FaultKind.RestMissing };

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Embeddings)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task Inference_goes_on_by_LM_Studios_own_loader(string path)
    {
        await using var gateway = await StartAsync(NoWebSocket);
        Assert.Equal(200, (await gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).Status);
        Assert.Equal(1, gateway.Counters().LoadsStarted);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Health_is_degraded_and_says_what_is_missing()
    {
        await using var gateway = await StartAsync(NoWebSocket);
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "degraded"), (status, body.GetProperty("status").GetString()));
        var backend = body.GetProperty("backends")[0];
        Assert.True(backend.GetProperty("reachable").GetBoolean());
        Assert.False(backend.GetProperty("control").GetProperty("websocket").GetBoolean());
        Assert.True(backend.GetProperty("control").GetProperty("rest").GetBoolean());
        Assert.Contains("WebSocket", backend.GetProperty("error").GetString());
        Assert.Equal(200, (await gateway.GetJsonAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task A_load_by_hand_goes_over_REST_and_names_what_REST_cannot_carry()
    {
        await using var gateway = await StartAsync(NoWebSocket);
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """
            {"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","ttlSeconds":60,
             "loadConfig":{"contextLength":4096,"gpu":{"ratio":0.5},"cpuThreads":4,"flashAttention":true}}
            """);
        Assert.True(status == 200, body.GetRawText());
        var missing = body.GetProperty("notApplied").EnumerateArray().Select(item => item.GetString()!).ToList();
        Assert.Equal(["cpuThreads", "gpu.ratio", "instanceId", "ttlSeconds"], missing.Order(StringComparer.Ordinal));
        foreach (var parameter in missing) Assert.NotEmpty(body.GetProperty("notAppliedReasons").GetProperty(parameter).GetString()!);
        var instance = Assert.Single(gateway.Simulator.State.Instances.All);
        Assert.Equal(4096, instance.ContextLength);
        Assert.Equal(200, (await gateway.PostJsonAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"hi"}]}""")).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}""")).Status);
        Assert.Empty(gateway.Simulator.State.Instances.All);
    }

    [Fact]
    public async Task Without_REST_too_inference_still_goes_on_and_loading_by_hand_is_503()
    {
        await using var gateway = await StartAsync(NoWebSocket, NoRest);
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Responses, InferenceApi.ChatV0 })
            Assert.Equal(200, (await gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).Status);
        var control = (await gateway.GetJsonAsync("/health")).Body.GetProperty("backends")[0].GetProperty("control");
        Assert.Equal("""{"websocket":false,"rest":false,"cli":false}""", control.GetRawText());
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct"}""");
        Assert.Equal(503, status);
        Assert.Equal("Failed to connect to LM Studio SDK after 3 attempts. Ensure LM Studio is running and the API server is enabled.", body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task When_the_control_connection_comes_back_it_is_used_again()
    {
        await using var gateway = await StartAsync(NoWebSocket);
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request())).Status);
        gateway.Simulator.State.Faults.Clear();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","instanceId":"primary"}""");
        Assert.Equal(200, status);
        Assert.False(body.TryGetProperty("notApplied", out _));
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString() == "healthy", "all is well again");
    }

    [Fact]
    public async Task A_load_whose_connection_is_cut_is_not_begun_again_on_another_way()
    {
        await using var gateway = await StartAsync(new Fault { Kind = FaultKind.ResetAfterTokens, Scope = "/llm/loadModel", Count = 1 });
        var request = InferenceApi.At(InferenceApi.Chat).Request();
        var waiting = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => gateway.PostJsonAsync(InferenceApi.Chat, request)));
        Assert.All(waiting, reply => Assert.Equal(502, reply.Status));
        Assert.Equal(1, gateway.Counters().LoadsStarted);
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, request)).Status);
        Assert.Equal(2, gateway.Counters().LoadsStarted);
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("/api/v1/models/load", """{"model":"qwen2-1.5b-instruct"}""")]
    [InlineData("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""")]
    public async Task A_load_by_hand_whose_connection_is_cut_is_not_begun_again_either(string path, string body)
    {
        await using var gateway = await StartAsync(new Fault { Kind = FaultKind.ResetAfterTokens, Scope = "/llm/loadModel", Count = 1 });
        var (status, _) = await gateway.PostJsonAsync(path, body);
        Assert.Contains(status, new[] { 502, 503 });
        Assert.Equal(1, gateway.Counters().LoadsStarted);
    }

    [Fact]
    public async Task A_server_that_is_not_LM_Studio_is_served_as_plain_OpenAI()
    {
        await using var plain = await StartPlainAsync();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(plain.Urls.First());
        var (_, models) = await gateway.GetJsonAsync("/v1/models");
        Assert.Equal("plain-1", Assert.Single(models.GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        foreach (var model in new[] { "plain-1", "anything-else" })
        {
            var (status, body) = await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request(model));
            Assert.Equal((200, model), (status, body.GetProperty("model").GetString()));
        }

        var (_, health) = await gateway.GetJsonAsync("/health");
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        Assert.Equal("openai", health.GetProperty("backends")[0].GetProperty("kind").GetString());
        var (refused, error) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"plain-1"}""");
        Assert.Equal(400, refused);
        Assert.Contains("cannot be loaded", error.GetProperty("error").GetString());
        await gateway.NothingIsLeftAsync();
    }

    private static Task<GatewayUnderTest> StartAsync(params Fault[] faults) => GatewayUnderTest.StartAsync(prepare: studio =>
    {
        foreach (var fault in faults) studio.Faults.Add(fault);
    });

    /// <summary>A server with a model list and a chat, and nothing else.</summary>
    private static async Task<WebApplication> StartPlainAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/v1/models", () => Results.Text("""{"object":"list","data":[{"id":"plain-1","object":"model","created":1,"owned_by":"me"}]}""", "application/json"));
        app.MapPost("/v1/chat/completions", async (HttpRequest request) =>
        {
            using var body = await System.Text.Json.JsonDocument.ParseAsync(request.Body);
            return Results.Text($$$"""{"id":"c1","object":"chat.completion","created":1,"model":"{{{body.RootElement.GetProperty("model").GetString()}}}","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}""", "application/json");
        });
        await app.StartAsync();
        return app;
    }
}
