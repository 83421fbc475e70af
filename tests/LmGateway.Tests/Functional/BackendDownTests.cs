using LmGateway.Catalog;
using LmGateway.Configuration;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Nobody listens where LM Studio should be: every API says so in its own way, at once.</summary>
public sealed class BackendDownTests
{
    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Embeddings)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task Inference_is_502_and_names_the_address(string path)
    {
        var api = InferenceApi.At(path);
        var port = FreePort.Next();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}");
        foreach (var stream in new[] { false, true })
        {
            var (status, body) = await gateway.PostJsonAsync(path, api.Request(stream: stream));
            var message = api.AssertError(Failure.Unreachable, status, body);
            Assert.Equal($"LM Studio cannot be reached at http://127.0.0.1:{port}: connection refused. Is it running, and is its server started?", message);
        }

        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData("GET", "/v1/models", false)]
    [InlineData("GET", "/models", false)]
    [InlineData("GET", "/v1/models/qwen2-1.5b-instruct", false)]
    [InlineData("POST", "/v1/audio/speech", false)]
    [InlineData("POST", "/images/generations", false)]
    [InlineData("GET", "/api/v0/models", true)]
    [InlineData("GET", "/api/v1/models", true)]
    [InlineData("POST", "/api/v1/anything/else", true)]
    public async Task Everything_else_is_502_too(string method, string path, bool native)
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");
        using var request = method == "POST" ? GatewayUnderTest.Request(path, "{}") : new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await gateway.Http.SendAsync(request);
        var message = InferenceApi.At(native ? InferenceApi.ChatV0 : InferenceApi.Chat)
            .AssertError(Failure.Unreachable, (int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        Assert.Contains("connection refused", message);
    }

    [Fact]
    public async Task Health_says_degraded_the_process_is_alive_and_not_ready()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal(200, status);
        Assert.Equal("degraded", body.GetProperty("status").GetString());
        var backend = Assert.Single(body.GetProperty("backends").EnumerateArray());
        Assert.False(backend.GetProperty("reachable").GetBoolean());
        Assert.Contains("connection refused", backend.GetProperty("error").GetString());
        Assert.Equal("""{"websocket":false,"rest":false,"cli":false}""", backend.GetProperty("control").GetRawText());
        Assert.Equal(200, (await gateway.GetJsonAsync("/health/live")).Status);
        Assert.Equal(503, (await gateway.GetJsonAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task The_admin_API_is_503_with_the_documented_text()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");
        const string expected = """{"error":"Failed to connect to LM Studio SDK after 3 attempts. Ensure LM Studio is running and the API server is enabled."}""";
        foreach (var path in new[] { "load", "unload", "activate" })
        {
            var (status, body) = await gateway.PostJsonAsync($"/admin/models/{path}", """{"modelKey":"qwen2-1.5b-instruct"}""");
            Assert.Equal((503, expected), (status, body.GetRawText()));
        }

        var (listed, list) = await gateway.GetJsonAsync("/admin/models");
        Assert.Equal((503, expected), (listed, list.GetRawText()));
    }

    [Fact]
    public async Task When_the_backend_appears_the_gateway_sees_it_by_itself()
    {
        var port = FreePort.Next();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}", options => options with { Catalog = new CatalogOptions { PollSeconds = 0.1 } });
        Assert.Equal(502, (await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request())).Status);
        await using var simulator = await SimulatorServer.StartAsync(Fast, port);
        var catalog = gateway.Services.GetRequiredService<ModelCatalog>();
        await Eventually.TrueAsync(() => catalog.Current.Backends[0].Reachable, "the backend is seen");
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request())).Status);
        Assert.Equal("healthy", (await gateway.GetJsonAsync("/health")).Body.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task When_the_backend_appears_the_next_request_finds_it_without_waiting_for_a_look(string path)
    {
        var port = FreePort.Next();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}", options => options with { Catalog = new CatalogOptions { PollSeconds = 3600 } });
        Assert.Equal(502, (await gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).Status);
        await using var simulator = await SimulatorServer.StartAsync(Fast, port);
        Assert.Equal(200, (await gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).Status);
        Assert.Equal(1, simulator.State.Counters.Snapshot().LoadsStarted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backend_that_was_restarted_underneath_serves_the_next_call(bool askedMeanwhile)
    {
        var (port, chat) = (FreePort.Next(), InferenceApi.At(InferenceApi.Chat));
        var first = await SimulatorServer.StartAsync(Fast, port);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}", options => options with { Catalog = new CatalogOptions { PollSeconds = 3600 } });
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""")).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync(chat.Path, chat.Request())).Status);
        await first.DisposeAsync();
        if (askedMeanwhile)
        {
            var (status, body) = await gateway.PostJsonAsync(chat.Path, chat.Request());
            chat.AssertError(Failure.Unreachable, status, body);
        }

        await using var second = await SimulatorServer.StartAsync(Fast, port);
        Assert.Equal(200, (await gateway.PostJsonAsync(chat.Path, chat.Request())).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","instanceId":"second"}""")).Status);
        Assert.Equal("second", (await gateway.PostJsonAsync(chat.Path, chat.Request("second"))).Body.GetProperty("model").GetString());
        await gateway.NothingIsLeftAsync(second.State);
    }

    [Fact]
    public async Task A_backend_that_dies_while_it_loads_fails_all_who_wait_and_serves_again_after_its_return()
    {
        var (port, chat) = (FreePort.Next(), InferenceApi.At(InferenceApi.Chat));
        var first = await SimulatorServer.StartAsync(Fast with { LoadTime = TimeSpan.FromHours(1) }, port);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}");
        var asked = Enumerable.Range(0, 8).Select(caller => gateway.PostJsonAsync(chat.Path, chat.Request(stream: caller % 2 == 0))).ToList();
        await Eventually.TrueAsync(() => gateway.Waiting() == 8 && first.State.Counters.Snapshot().LoadsStarted == 1, "all wait for the load");
        await first.DisposeAsync();
        foreach (var reply in asked) chat.AssertError(Failure.Unreachable, (await reply).Status, (await reply).Body);
        await gateway.NothingIsLeftAsync(first.State);
        await using var second = await SimulatorServer.StartAsync(Fast, port);
        Assert.Equal(200, (await gateway.PostJsonAsync(chat.Path, chat.Request())).Status);
        Assert.Equal(1, second.State.Counters.Snapshot().LoadsStarted);
    }

    [Fact]
    public async Task A_backend_that_dies_while_it_streams_ends_every_stream_in_an_error_event()
    {
        var (port, chat) = (FreePort.Next(), InferenceApi.At(InferenceApi.Chat));
        var first = await SimulatorServer.StartAsync(Fast with { TokensPerSecond = 50 }, port);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{port}");
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => gateway.PostAsync(chat.Path, chat.Request(prompt: "count to 5000", stream: true))));
        await first.DisposeAsync();
        foreach (var stream in streams)
        {
            var text = await stream.Content.ReadAsStringAsync();
            Assert.DoesNotContain("[DONE]", text);
            Assert.Contains("\"error\":{", ServerEvent.Parse(text)[^1].Data);
            stream.Dispose();
        }

        await gateway.NothingIsLeftAsync(first.State);
    }

    private static SimulatorOptions Fast => new() { LoadTime = TimeSpan.FromMilliseconds(30), TokensPerSecond = 0 };
}
