using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Failures of the chat routes: the documented words, and always a <c>detail</c>.</summary>
public sealed class ChatErrorsTests
{
    public static TheoryData<string> Routes() => [.. ChatReplies.Routes];

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("req", "S1-02")]
    [Trait("req", "S1-55")]
    [Trait("req", "S1-57")]
    public async Task Without_LM_Studio_the_documented_reply_word_for_word(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");

        var (status, body) = await gateway.PostJsonAsync(path, ChatReplies.Says("hi"));

        Assert.Equal((503, """{"detail":"Could not connect to LM Studio: Connection refused"}"""), (status, body.GetRawText()));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    [Trait("req", "S1-56")]
    [Trait("req", "S1-57")]
    public async Task With_no_model_loaded_and_loading_on_demand_off_the_documented_reply_word_for_word(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Scheduling = new SchedulingOptions { OnDemand = false } });

        var (status, body) = await gateway.PostJsonAsync(path, ChatReplies.Says("hi"));

        Assert.Equal((503, """{"detail":"Chat service unavailable: No model loaded"}"""), (status, body.GetRawText()));
        Assert.Equal(0, gateway.Counters().LoadsStarted);
    }

    [Fact]
    [Trait("req", "S1-56")]
    public async Task An_LM_Studio_that_loads_nothing_by_itself_and_has_nothing_loaded_gives_the_same_reply()
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { JustInTimeLoading = false });
        simulator.State.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString());

        var (status, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi"));

        Assert.Equal((503, """{"detail":"Chat service unavailable: No model loaded"}"""), (status, body.GetRawText()));
    }

    [Fact]
    [Trait("req", "S1-57")]
    public async Task A_model_that_does_not_load_is_told_as_such()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Message = "the engine crashed" });

        var (status, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi"));

        Assert.Equal(503, status);
        Assert.StartsWith("Failed to load model: ", body.DetailText());
        Assert.Contains("the engine crashed", body.DetailText());
    }

    [Fact]
    public async Task An_unknown_model_is_told_with_what_there_is()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", "\"model_key\":\"nonsense\""));

        Assert.Equal(503, status);
        Assert.StartsWith("Chat service unavailable: Model 'nonsense' is not available. Available models: ", body.DetailText());
        Assert.Contains(GatewayUnderTest.Chat, body.DetailText());
    }

    [Fact]
    public async Task An_embedding_model_is_the_requests_own_fault()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var fault = (await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi", $"\"model_key\":\"{GatewayUnderTest.Embedder}\""))).Fault();

        Assert.Equal(("value_error", """["body","model_key"]"""), (fault.GetProperty("type").GetString(), fault.GetProperty("loc").GetRawText()));
    }

    [Theory]
    [InlineData(500, """{"error":"boom"}""", 503, "Chat service unavailable: boom")]
    [InlineData(401, """{"error":"no"}""", 503, "Chat service unavailable: no")]
    [InlineData(404, "Not Found", 503, "Chat service unavailable: Not Found")]
    [InlineData(429, """{"error":"slow down"}""", 503, "Chat service unavailable: slow down")]
    [InlineData(502, "<html><title>Bad Gateway</title></html>", 503, "Chat service unavailable: The backend answered with an HTML page: Bad Gateway")]
    [Trait("req", "S1-57")]
    public async Task A_failure_of_the_backend_is_503_with_its_words(int status, string body, int answered, string detail)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = "/v1/chat", Status = status, Body = body });

        foreach (var path in new[] { "/chat", "/chat/stream" })
        {
            var reply = await gateway.PostJsonAsync(path, ChatReplies.Says("hi"));
            Assert.Equal((answered, detail), (reply.Status, reply.Body.DetailText()));
        }
    }

    [Fact]
    public async Task A_prompt_that_does_not_fit_is_the_requests_own_fault()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Scope = "/v1/chat", Status = 400, Body = """{"error":"Context size has been exceeded."}""" });

        var fault = (await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi"))).Fault();

        Assert.StartsWith("Value error, Context size has been exceeded", fault.GetProperty("msg").GetString());
    }

    [Fact]
    public async Task LLM_TIMEOUT_ends_an_answer_and_a_silent_stream()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Chat = new ChatOptions { TimeoutSeconds = 1 } });
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/v1/chat", Tokens = 2 });

        var (status, body) = await gateway.PostJsonAsync("/chat", ChatReplies.Says("count to 9"));
        var lines = await gateway.StreamAsync("/chat/stream", ChatReplies.Says("count to 9"));

        Assert.Equal(503, status);
        Assert.StartsWith("Chat service unavailable: timeout of 1000ms exceeded", body.DetailText());
        Assert.Equal("1, 2", lines.Text());
        Assert.StartsWith("Chat service unavailable: timeout of 1000ms exceeded", lines[^1].GetProperty("error").GetString());
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    [Trait("req", "S1-58")]
    public async Task The_doors_refusals_have_a_detail_too()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "key-of-the-test" } });

        foreach (var path in ChatReplies.Routes.Concat(["/models/load", "/models/unload"]))
        {
            var (status, body) = await gateway.PostJsonAsync(path, ChatReplies.Says("hi"));
            Assert.Equal(401, status);
            Assert.StartsWith("A valid API key is needed", body.DetailText());
        }
    }

    [Fact]
    [Trait("req", "S1-58")]
    public async Task Wrong_hosts_types_methods_and_paths_have_a_detail_and_chat_completions_keeps_OpenAIs_shape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var host = GatewayUnderTest.Request("/chat", "{}");
        host.Headers.Host = "evil.example";
        using var type = new HttpRequestMessage(HttpMethod.Post, "/models/load") { Content = new StringContent("{}") };
        using var method = new HttpRequestMessage(HttpMethod.Get, "/chat/regular");
        using var path = GatewayUnderTest.Request("/chat/nonsense", "{}");

        int[] answered = [await DetailedAsync(gateway, host), await DetailedAsync(gateway, type), await DetailedAsync(gateway, method), await DetailedAsync(gateway, path)];
        Assert.Equal([403, 415, 405, 404], answered);
        var (status, body) = await gateway.PostJsonAsync("/chat/completions", "{}");
        Assert.Equal(400, status);
        Assert.Equal(JsonValueKind.Object, body.GetProperty("error").ValueKind);
    }

    [Fact]
    public async Task A_stopping_service_says_when_to_come_back()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Scheduling = new SchedulingOptions { QueueLimit = 0 } });

        using var response = await gateway.PostAsync("/chat", ChatReplies.Says("hi"));

        Assert.Equal(503, (int)response.StatusCode);
        Assert.StartsWith("Chat service unavailable: ", JsonElement.Parse(await response.Content.ReadAsStringAsync()).DetailText());
        Assert.NotNull(response.Headers.RetryAfter);
    }

    private static async Task<int> DetailedAsync(GatewayUnderTest gateway, HttpRequestMessage request)
    {
        using var response = await gateway.Http.SendAsync(request);
        Assert.NotEmpty(JsonElement.Parse(await response.Content.ReadAsStringAsync()).DetailText());
        return (int)response.StatusCode;
    }
}
