using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>The examples of the admin gateway's document about models, sent as printed and answered as printed (S4-16 to S4-51).</summary>
public sealed class AdminGatewayExamplesTests
{
    private const string File = SourceDocument.AdminGatewayFile;
    private const string Load = "POST /admin/models/load #1";
    private const string Unload = "POST /admin/models/unload #1";

    private static readonly SourceDocument Document = SourceDocument.AdminGateway;

    [Fact]
    [Example(File, Load)]
    [Example(File, "POST /admin/models/load #2")]
    [Trait("req", "S4-18")]
    [Trait("req", "S4-19")]
    [Trait("req", "S4-20")]
    [Trait("req", "S4-21")]
    [Trait("req", "S4-22")]
    [Trait("req", "S4-23")]
    [Trait("req", "S4-25")]
    [Trait("req", "S4-26")]
    [Trait("req", "S4-27")]
    [Trait("req", "S4-29")]
    public async Task S4_18_to_S4_29_the_load_with_every_parameter()
    {
        await using var gateway = await StartAsync();

        var reply = await Document.RunOneAsync(Load, gateway);

        Assert.Equal(200, reply.Status);
        DocumentedReply.AssertSame(Document["POST /admin/models/load #2"], reply.Json, free: ["totalTimeMs"], besides: ["notApplied", "notAppliedReasons"]);
        Assert.Equal(["gpu.layers"], Texts(reply.Json.GetProperty("notApplied")));
        var instance = Assert.Single(gateway.Simulator.State.Instances.All);
        Assert.Equal(("primary", 8192), (instance.Identifier, instance.ContextLength));
    }

    [Fact]
    [Example(File, "GET /admin/models #2")]
    [Example(File, "List Models")]
    [Example(File, "Model Load Failures #1")]
    [Trait("req", "S4-16")]
    public async Task S4_16_the_list_of_what_is_loaded_and_downloaded()
    {
        await using var gateway = await StartAsync();
        await Document.RunAsync(Load, gateway);

        foreach (var name in new[] { "List Models", "Model Load Failures #1" })
        {
            var reply = await Document.RunOneAsync(name, gateway);
            Assert.Equal(200, reply.Status);
            DocumentedReply.AssertSame(Document["GET /admin/models #2"], reply.Json, free: ["size"]);
            Assert.Equal(1, reply.Json.GetProperty("loaded").GetArrayLength());
        }
    }

    [Fact]
    [Example(File, Unload)]
    [Example(File, "POST /admin/models/unload #2")]
    [Trait("req", "S4-31")]
    [Trait("req", "S4-32")]
    [Trait("req", "S4-33")]
    public async Task S4_31_to_S4_33_the_unload()
    {
        await using var gateway = await StartAsync();
        await Document.RunAsync(Load, gateway);

        var reply = await Document.RunOneAsync(Unload, gateway);

        Assert.Equal(200, reply.Status);
        DocumentedReply.AssertSame(Document["POST /admin/models/unload #2"], reply.Json, free: ["totalTimeMs"]);
        Assert.Empty(gateway.Simulator.State.Instances.All);
    }

    [Theory]
    [InlineData("Context Length")]
    [InlineData("GPU Offload", "gpu.layers")]
    [InlineData("CPU Threads")]
    [InlineData("RoPE Scaling")]
    [Example(File, "Context Length")]
    [Example(File, "GPU Offload")]
    [Example(File, "CPU Threads")]
    [Example(File, "RoPE Scaling")]
    [Trait("req", "S4-20")]
    [Trait("req", "S4-21")]
    [Trait("req", "S4-22")]
    [Trait("req", "S4-23")]
    [Trait("req", "S4-24")]
    [Trait("req", "S4-29")]
    public async Task S4_20_to_S4_24_each_load_parameter_is_applied_or_reported(string name, params string[] notApplied)
    {
        await using var gateway = await StartAsync();
        var body = $$"""{"modelKey":"qwen2-1.5b-instruct",{{Document[name].Trim()[1..]}}""";

        var (status, reply) = await PostAsync(gateway, "/admin/models/load", body);

        Assert.Equal(200, status);
        Assert.Equal(notApplied, reply.TryGetProperty("notApplied", out var list) ? Texts(list) : []);
    }

    [Fact]
    [Example(File, "Multi-Instance Support")]
    [Trait("req", "S4-40")]
    public async Task S4_40_one_model_loaded_twice_with_different_configurations()
    {
        await using var gateway = await StartAsync();

        var replies = await Document.RunAsync("Multi-Instance Support", gateway);

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal(["high-context", "high-gpu"], replies.Select(reply => reply.Json.GetProperty("instanceId").GetString()));
        Assert.Equal(
            [("high-context", 32768), ("high-gpu", 4096)],
            gateway.Simulator.State.Instances.All.Select(instance => (instance.Identifier, instance.ContextLength)).Order());
        foreach (var identifier in new[] { "high-context", "high-gpu" })
        {
            var (_, answer) = await PostAsync(gateway, "/v1/chat/completions", GatewayUnderTest.ChatBody(identifier, "Hello!"));
            Assert.Equal(identifier, answer.GetProperty("model").GetString());
        }
    }

    [Fact]
    [Example(File, "Connection Errors")]
    [Trait("req", "S4-47")]
    [Trait("req", "S4-50")]
    [Trait("req", "S4-63")]
    public async Task S4_47_the_error_without_LM_Studio()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9", WithKey);

        foreach (var name in new[] { "List Models", "Load a Model", Unload })
        {
            var reply = await Document.RunOneAsync(name, gateway);
            Assert.Equal(503, reply.Status);
            DocumentedReply.AssertSame(Document["Connection Errors"], reply.Json);
        }
    }

    [Fact]
    [Example(File, "Model Not Found")]
    [Trait("req", "S4-48")]
    [Trait("req", "S4-50")]
    public async Task S4_48_the_error_for_an_unknown_model()
    {
        await using var gateway = await StartAsync();

        foreach (var way in new[] { "load", "unload", "activate" })
        {
            var (status, reply) = await PostAsync(gateway, $"/admin/models/{way}", """{"modelKey":"invalid-model"}""");
            Assert.Equal(404, status);
            DocumentedReply.AssertSame(Document["Model Not Found"], reply);
        }
    }

    [Fact]
    [Trait("req", "S4-51")]
    public async Task S4_51_a_taken_identifier_names_both_ways_out_of_the_document()
    {
        await using var gateway = await StartAsync();
        await Document.RunAsync(Load, gateway);

        var reply = await Document.RunOneAsync(Load, gateway);

        Assert.Equal(409, reply.Status);
        Assert.Equal("""{"error":"An instance with the identifier 'primary' is loaded already. Use another instanceId, or unload it first."}""", reply.Text);
    }

    [Fact]
    [Example(File, "If You Were Using Activate Endpoint #1")]
    [Example(File, "If You Were Using Activate Endpoint #2")]
    [Trait("req", "S4-35")]
    [Trait("req", "S4-36")]
    [Trait("req", "S4-37")]
    public async Task S4_35_to_S4_37_the_old_activation_and_the_new_load_that_activates()
    {
        await using var gateway = await StartAsync();
        foreach (var name in new[] { "If You Were Using Activate Endpoint #1", "If You Were Using Activate Endpoint #2" })
        {
            var lines = Document[name].Split('\n', 2);
            var path = lines[0].Split(' ')[1];
            var (status, reply) = await PostAsync(gateway, path, lines[1].Replace("{...}", """{"temperature": 0.7}"""));
            Assert.Equal(200, status);
            Assert.Equal(path.EndsWith("load", StringComparison.Ordinal) ? "loaded" : "activated", reply.GetProperty("status").GetString());
            Assert.Equal(path.EndsWith("load", StringComparison.Ordinal) ? 1 : 0, gateway.Simulator.State.Instances.All.Count);
        }
    }

    [Fact]
    [Example(File, "Health Check")]
    [Trait("req", "S4-45")]
    public async Task S4_45_health_with_the_key_tells_of_the_connection()
    {
        await using var gateway = await StartAsync();

        var reply = await Document.RunOneAsync("Health Check", gateway);

        Assert.Equal(200, reply.Status);
        Assert.Equal("healthy", reply.Json.GetProperty("status").GetString());
        var backend = Assert.Single(reply.Json.GetProperty("backends").EnumerateArray());
        Assert.True(backend.GetProperty("control").GetProperty("websocket").GetBoolean());
    }

    [Fact]
    [Example(File, "Load a Model")]
    [Example(File, "Make Inference Request")]
    [Trait("req", "S4-38")]
    public async Task S4_38_a_request_without_a_model_goes_to_the_one_that_was_loaded()
    {
        await using var gateway = await StartAsync();

        var load = await Document.RunOneAsync("Load a Model", gateway);
        var chat = await Document.RunOneAsync("Make Inference Request", gateway);

        Assert.True(load.Json.GetProperty("activated").GetBoolean());
        Assert.Equal(200, chat.Status);
        Assert.Equal("qwen2-1.5b-instruct", chat.Json.GetProperty("model").GetString());
        Assert.Equal("You said: Hello!", chat.Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    [Example(File, "SDK Connection Issues #2")]
    public async Task LM_Studio_itself_can_be_asked_as_the_troubleshooting_does()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(200, (await Document.RunOneAsync("SDK Connection Issues #2", gateway)).Status);
    }

    [Fact]
    [Example(File, "Model Load Failures #2")]
    [Trait("req", "S4-21")]
    public async Task S4_21_a_load_without_GPU()
    {
        await using var gateway = await StartAsync();
        var (status, reply) = await PostAsync(gateway, "/admin/models/load", Document["Model Load Failures #2"]);
        Assert.Equal(200, status);
        Assert.False(reply.TryGetProperty("notApplied", out _));
    }

    [Fact]
    [Trait("req", "S4-43")]
    [Trait("req", "S4-44")]
    public async Task S4_43_without_the_printed_key_nothing_is_done()
    {
        await using var gateway = await StartAsync();
        foreach (var fence in Document.Fences.Where(fence => fence.Text.Contains("X-API-Key")))
            foreach (var command in CurlCommand.All(fence.Text.Replace("change-me-please", "another")))
                Assert.Equal(command.Address.AbsolutePath == "/health" ? 200 : 401, (await Reply.ToAsync(command, gateway)).Status);
        Assert.Equal(0, gateway.Simulator.State.Counters.Snapshot().LoadsStarted);
    }

    [Fact]
    [Trait("req", "S4-62")]
    public async Task S4_62_inference_goes_on_while_the_control_connection_is_down_and_health_says_so()
    {
        await using var simulator = await SimulatorServer.StartAsync(new SimulatorOptions { LoadTime = TimeSpan.Zero });
        simulator.State.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(simulator.Address.ToString());

        var (status, chat) = await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "Hello!"));

        Assert.Equal((200, GatewayUnderTest.Chat), (status, chat.GetProperty("model").GetString()));
        await Eventually.TrueAsync(
            async () =>
            {
                var (code, health) = await gateway.GetJsonAsync("/health");
                var backend = health.GetProperty("backends")[0];
                Assert.Equal((200, true), (code, backend.GetProperty("reachable").GetBoolean()));
                return health.GetProperty("status").GetString() == "degraded"
                    && !backend.GetProperty("control").GetProperty("websocket").GetBoolean()
                    && backend.GetProperty("control").GetProperty("rest").GetBoolean()
                    && backend.TryGetProperty("error", out _);
            },
            "health says which connection is missing");
        var (loaded, reply) = await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","ttlSeconds":60}""");
        Assert.Equal((200, "loaded"), (loaded, reply.GetProperty("status").GetString()));
        Assert.NotEqual(0, reply.GetProperty("notApplied").GetArrayLength());
    }

    internal static Task<GatewayUnderTest> StartAsync() => GatewayUnderTest.StartAsync(configure: WithKey);

    private static GatewayOptions WithKey(GatewayOptions options) => options with { Security = options.Security with { ApiKey = "change-me-please" } };

    private static async Task<(int Status, JsonElement Body)> PostAsync(GatewayUnderTest gateway, string path, string json)
    {
        using var request = GatewayUnderTest.Request(path, json);
        request.Headers.Add("X-API-Key", "change-me-please");
        using var response = await gateway.Http.SendAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    private static IEnumerable<string?> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString());
}
