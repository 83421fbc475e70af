using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>
/// What the authors' own code of the admin gateway got wrong, each as what must hold here. Its state and metrics, and the debug stream
/// in a browser, belong to the debug API.
/// </summary>
public sealed class AdminGatewayDefectsTests
{
    [Fact]
    [Trait("req", "S4-45")]
    public async Task Defect_1_health_measured_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await HealthBecomesAsync(gateway, "healthy", reachable: true);
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.Refuse });
        await HealthBecomesAsync(gateway, "degraded", reachable: false);
        gateway.Simulator.State.Faults.Clear();
        await HealthBecomesAsync(gateway, "healthy", reachable: true);
    }

    [Fact]
    [Trait("req", "S4-47")]
    [Trait("req", "S4-48")]
    [Trait("req", "S4-50")]
    public async Task Defect_2_the_documented_errors_did_not_reach_the_caller_of_a_load()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"invalid-model"}""");
        Assert.Equal("""404 {"error":"Model not found: invalid-model"}""", $"{status} {body.GetRawText()}");
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Message = "Failed to load model" });
        (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.Equal(500, status);
        Assert.Contains("Failed to load model", body.GetProperty("error").GetString());
    }

    [Fact]
    [Trait("req", "S4-29")]
    public async Task Defect_3_parameters_of_a_load_were_dropped_in_silence()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.PostJsonAsync("/admin/models/load", """
            {"modelKey":"qwen2-1.5b-instruct","ttlSeconds":90,"loadConfig":{"contextLength":4096,"cpuThreads":4,"gpu":{"ratio":0.5,"layers":32},"warpDrive":true}}
            """);
        Assert.Equal(200, status);
        Assert.Equal(["gpu.layers", "warpDrive"], body.GetProperty("notApplied").EnumerateArray().Select(item => item.GetString()).Order());
        Assert.All(body.GetProperty("notAppliedReasons").EnumerateObject(), reason => Assert.NotEqual("", reason.Value.GetString()));
        var instance = Assert.Single(gateway.Simulator.State.Instances.All);
        Assert.Equal((4096, TimeSpan.FromSeconds(90)), (instance.ContextLength, instance.Ttl));
        (status, body) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","loadConfig":{"cpuThreads":0}}""");
        Assert.Equal("""400 {"error":"Validation failed","details":["loadConfig.cpuThreads: a whole number from 1 to 2147483647 is expected"]}""", $"{status} {body.GetRawText()}");
    }

    [Theory]
    [InlineData("/v1/chat/completions", true)]
    [InlineData("/v1/chat/completions", false)]
    [InlineData("/v1/completions", true)]
    [InlineData("/v1/responses", true)]
    [InlineData("/v1/messages", true)]
    [InlineData("/api/v0/chat/completions", true)]
    [InlineData("/api/v1/chat", false)]
    [Trait("req", "S4-42")]
    public async Task Defect_4_a_caller_that_left_did_not_end_the_generation(string path, bool streamed)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulator => simulator with { TokensPerSecond = 20 });
        var body = WayIn.At(path).GoodBody.Replace("Hello!", "count to 5000").Replace("\"max_tokens\":20,", "\"max_tokens\":50000,");
        using var caller = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = gateway.Address };
        using var request = GatewayUnderTest.Request(path, streamed ? $"{body[..^1]},\"stream\":true}}" : body);
        using var leave = new CancellationTokenSource();

        var reply = caller.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.OpenStreams == 1, "LM Studio generates");
        if (streamed)
        {
            using var response = await reply;
            await using var events = await response.Content.ReadAsStreamAsync(leave.Token);
            Assert.NotEqual(0, await events.ReadAsync(new byte[16], leave.Token));
        }
        else
        {
            await leave.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reply);
        }

        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Cancels == 1, "the generation is cancelled");
        await BadInputGateway.AssertNothingLeftAsync(gateway);
    }

    [Fact]
    [Trait("req", "S4-62")]
    public async Task Defect_5_a_dead_connection_to_LM_Studio_was_kept_until_the_service_was_restarted()
    {
        var first = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero });
        var port = first.Address.Port;
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(first.Address.ToString());
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""")).Status);
        await first.DisposeAsync();
        Assert.Equal(503, (await gateway.GetJsonAsync("/admin/models")).Status);

        await using var second = await RestartAsync(port);
        await Eventually.TrueAsync(async () => (await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct"}""")).Status == 200, "the next call finds the restarted LM Studio");
        Assert.Contains(second.State.Instances.All, instance => instance.Model.Key == "granite-3.0-2b-instruct");
        Assert.Equal(200, (await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("granite-3.0-2b-instruct", "hi"))).Status);
    }

    [Fact]
    public async Task Defect_7_a_body_over_100_KB_failed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var body = GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3", $"\"metadata\":{{\"note\":\"{new string('x', 5 * 1024 * 1024)}\"}}");
        var (status, reply) = await gateway.PostJsonAsync("/v1/chat/completions", body);
        Assert.Equal(200, status);
        Assert.Equal("1, 2, 3", reply.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(body, gateway.Simulator.State.Counters.LastRequests.Last(request => request.Path == "/v1/chat/completions").Body);
    }

    [Fact]
    public async Task Defect_10_the_key_was_compared_letter_by_letter_and_pages_of_every_origin_were_let_in()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "change-me-please" } });
        string? refusal = null;
        foreach (var wrong in new[] { "c", "change-me-pleas", "change-me-please!", "Change-me-please", new string('x', 10_000) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/models");
            request.Headers.Add("X-API-Key", wrong);
            request.Headers.Add("Origin", "https://evil.example");
            using var response = await gateway.Http.SendAsync(request);
            Assert.Equal(401, (int)response.StatusCode);
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
            var text = await response.Content.ReadAsStringAsync();
            Assert.Equal(refusal ??= text, text);
        }

        // That the comparison takes the same time for each is held by ApiKeysTests.
        Assert.Equal("127.0.0.1", new GatewayOptions().Listen.Host);
    }

    private static async Task HealthBecomesAsync(GatewayUnderTest gateway, string status, bool reachable) => await Eventually.TrueAsync(
        async () =>
        {
            var (code, body) = await gateway.GetJsonAsync("/health");
            Assert.Equal(200, code);
            return (body.GetProperty("status").GetString(), body.GetProperty("backends")[0].GetProperty("reachable").GetBoolean()) == (status, reachable);
        },
        $"health is {status}");

    /// <summary>The port is free as soon as the system has let go of it.</summary>
    private static async Task<SimulatorServer> RestartAsync(int port)
    {
        SimulatorServer? server = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    server = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero }, port);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            },
            "the port is free again");
        return server!;
    }
}
