using System.Text.Json;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Chat;

/// <summary>Models loaded and unloaded through the plain REST API: always 200, and the reply says whether it worked.</summary>
public sealed class ModelLoadTests
{
    private const string Loaded = """{"loaded":true,"model":{"key":"qwen/qwen3-4b-2507","display_name":"Qwen3 4B 2507"},"error":null}""";

    [Theory]
    [InlineData("""{"model_key":"qwen/qwen3-4b-2507","exclusive":true}""")]
    [InlineData("""{"model_key":"qwen/qwen3-4b-2507"}""")]
    [InlineData("""{"modelKey":"qwen/qwen3-4b-2507","exclusive":"no"}""")]
    [InlineData("""{"model_id":"qwen3-4b"}""")]
    [InlineData("""{"model":"QWEN/qwen3-4b-2507"}""")]
    [Trait("req", "S1-14")]
    [Trait("req", "S1-22")]
    [Trait("req", "S1-25")]
    public async Task A_load_answers_with_the_model(string body)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var reply = await gateway.PostJsonAsync("/models/load", body);

        Assert.Equal((200, Loaded), (reply.Status, reply.Body.GetRawText()));
        Assert.Equal(ChatReplies.Regular, Assert.Single(gateway.Simulator.State.Instances.All).Identifier);
    }

    [Fact]
    public async Task What_is_loaded_already_is_not_loaded_again()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const string load = """{"model_key":"qwen/qwen3-4b-2507","exclusive":true}""";
        await gateway.PostJsonAsync("/models/load", load);

        Assert.Equal(Loaded, (await gateway.PostJsonAsync("/models/load", load)).Body.GetRawText());
        Assert.Equal(1, gateway.Counters().LoadsStarted);
        Assert.Equal(0, gateway.Counters().Unloads);
    }

    [Fact]
    [Trait("req", "S1-23")]
    public async Task An_exclusive_load_unloads_the_others_first_and_names_them_and_any_other_load_none()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen2-1.5b-instruct","identifier":"first"}""");
        await gateway.PostJsonAsync("/models/load", """{"model_key":"granite-3.0-2b-instruct"}""");
        Assert.Equal(2, gateway.Simulator.State.Instances.All.Count);

        var (_, body) = await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen/qwen3-4b-2507","exclusive":true}""");

        Assert.Equal(["first", GatewayUnderTest.Other], body.GetProperty("unloaded").EnumerateArray().Select(item => item.GetString()).Order());
        Assert.Equal(ChatReplies.Regular, Assert.Single(gateway.Simulator.State.Instances.All).Identifier);
    }

    [Fact]
    [Trait("req", "S1-23")]
    public async Task Defect_an_exclusive_load_of_what_does_not_exist_unloads_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen2-1.5b-instruct"}""");

        Assert.False((await gateway.PostJsonAsync("/models/load", """{"model_key":"not/there","exclusive":true}""")).Body.GetProperty("loaded").GetBoolean());
        Assert.Single(gateway.Simulator.State.Instances.All);
    }

    [Fact]
    [Trait("req", "S1-23")]
    public async Task Defect_an_exclusive_load_that_fails_says_what_was_unloaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen2-1.5b-instruct"}""");
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Scope = GatewayUnderTest.Other, Message = "the engine crashed" });

        var (status, body) = await gateway.PostJsonAsync("/models/load", """{"model_key":"granite-3.0-2b-instruct","exclusive":true}""");

        Assert.Equal(200, status);
        Assert.Equal(["loaded", "error"], body.Names());
        var error = body.GetProperty("error").GetString();
        Assert.StartsWith("Failed to load model: ", error);
        Assert.EndsWith("Unloaded before the load: qwen2-1.5b-instruct.", error);
    }

    [Fact]
    [Trait("req", "S1-24")]
    [Trait("req", "S1-57")]
    public async Task An_unknown_model_has_the_documented_reply_word_for_word()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, body) = await gateway.PostJsonAsync("/models/load", """{"model_key":"not/there"}""");

        Assert.Equal((200, """{"loaded":false,"error":"Failed to load model: Model not found"}"""), (status, body.GetRawText()));
    }

    [Fact]
    [Trait("req", "S1-55")]
    public async Task Without_LM_Studio_both_say_so()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}");

        var load = await gateway.PostJsonAsync("/models/load", """{"model_key":"a"}""");
        var unload = await gateway.PostJsonAsync("/models/unload", """{"unload_all":true}""");

        Assert.Equal((200, """{"loaded":false,"error":"Could not connect to LM Studio: Connection refused"}"""), (load.Status, load.Body.GetRawText()));
        Assert.Equal((200, """{"success":false,"unloaded_keys":[],"error":"Could not connect to LM Studio: Connection refused"}"""), (unload.Status, unload.Body.GetRawText()));
    }

    [Theory]
    [InlineData("load", "{}", """{"type":"missing","loc":["body","model_key"],"msg":"Field required","input":{}}""")]
    [InlineData("load", """{"model_key":""}""", """{"type":"string_too_short","loc":["body","model_key"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}""")]
    [InlineData("load", """{"model_key":["a"]}""", """{"type":"string_type","loc":["body","model_key"],"msg":"Input should be a valid string","input":["a"]}""")]
    [InlineData("load", """{"model_key":"a","exclusive":"maybe"}""", """{"type":"bool_parsing","loc":["body","exclusive"],"msg":"Input should be a valid boolean, unable to interpret input","input":"maybe"}""")]
    [InlineData("unload", """{"unload_all":{}}""", """{"type":"bool_type","loc":["body","unload_all"],"msg":"Input should be a valid boolean","input":{}}""")]
    [InlineData("unload", "7", """{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":7}""")]
    [Trait("req", "S1-58")]
    public async Task A_bad_body_is_422(string what, string body, string fault)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(fault, (await gateway.PostJsonAsync($"/models/{what}", body)).Fault().GetRawText());
    }

    [Fact]
    [Trait("req", "S1-15")]
    [Trait("req", "S1-26")]
    [Trait("req", "S1-28")]
    public async Task An_unload_ends_every_instance_of_the_model_and_no_other()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen/qwen3-4b-2507","instanceId":"one"}""");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen/qwen3-4b-2507","instanceId":"two"}""");
        await gateway.PostJsonAsync("/models/load", """{"model_key":"granite-3.0-2b-instruct"}""");

        var (status, body) = await gateway.PostJsonAsync("/models/unload", """{"model_key":"qwen/qwen3-4b-2507"}""");

        Assert.Equal((200, """{"success":true,"unloaded_keys":["qwen/qwen3-4b-2507"],"error":null}"""), (status, body.GetRawText()));
        Assert.Equal(GatewayUnderTest.Other, Assert.Single(gateway.Simulator.State.Instances.All).Identifier);
    }

    [Fact]
    public async Task One_instance_is_unloaded_by_its_identifier()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen/qwen3-4b-2507","instanceId":"one"}""");
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen/qwen3-4b-2507","instanceId":"two"}""");

        await gateway.PostJsonAsync("/models/unload", """{"modelKey":"qwen/qwen3-4b-2507","instanceId":"two"}""");

        Assert.Equal("one", Assert.Single(gateway.Simulator.State.Instances.All).Identifier);
    }

    [Fact]
    [Trait("req", "S1-27")]
    [Trait("req", "S1-28")]
    public async Task Unload_all_ends_everything_and_is_content_with_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen/qwen3-4b-2507"}""");
        await gateway.PostJsonAsync("/models/load", """{"model_key":"text-embedding-nomic-embed-text-v1.5"}""");

        var (status, body) = await gateway.PostJsonAsync("/models/unload", """{"unload_all":true}""");

        Assert.Equal(200, status);
        Assert.True(body.GetProperty("success").GetBoolean());
        Assert.Equal([ChatReplies.Regular, GatewayUnderTest.Embedder], body.GetProperty("unloaded_keys").EnumerateArray().Select(item => item.GetString()).Order());
        Assert.Empty(gateway.Simulator.State.Instances.All);
        Assert.Equal("""{"success":true,"unloaded_keys":[],"error":null}""", (await gateway.PostJsonAsync("/models/unload", """{"unload_all":true}""")).Body.GetRawText());
    }

    [Fact]
    public async Task Defect_unload_all_swallows_no_error_and_still_unloads_the_others()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 }, options => options with { Scheduling = new SchedulingOptions { UnloadWaitSeconds = 0 } });
        await gateway.PostJsonAsync("/models/load", """{"model_key":"granite-3.0-2b-instruct"}""");
        using var busy = await gateway.PostAsync("/chat/regular/stream", ChatReplies.Says("count to 100000"));

        var (status, body) = await gateway.PostJsonAsync("/models/unload", """{"unload_all":true}""");

        Assert.Equal(200, status);
        Assert.False(body.GetProperty("success").GetBoolean());
        Assert.Equal(GatewayUnderTest.Other, Assert.Single(body.GetProperty("unloaded_keys").EnumerateArray()).GetString());
        Assert.StartsWith("Failed to unload every model: 'qwen/qwen3-4b-2507' is answering 1 request(s)", body.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"unload_all":false}""")]
    [InlineData("""{"model_key":null}""")]
    [Trait("req", "S1-28")]
    public async Task Naming_nothing_to_unload_is_told_in_the_reply(string body)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var reply = await gateway.PostJsonAsync("/models/unload", body);

        Assert.Equal((200, """{"success":false,"unloaded_keys":[],"error":"Must specify model_key or unload_all=true"}"""), (reply.Status, reply.Body.GetRawText()));
    }

    [Fact]
    [Trait("req", "S1-29")]
    public async Task Defect_unloading_what_is_not_loaded_loads_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var (status, body) = await gateway.PostJsonAsync("/models/unload", """{"model_key":"qwen/qwen3-4b-2507"}""");

        Assert.Equal((200, """{"success":false,"unloaded_keys":[],"error":"Failed to unload model qwen/qwen3-4b-2507: it is not loaded"}"""), (status, body.GetRawText()));
        Assert.Equal(0, gateway.Counters().LoadsStarted);
    }

    [Fact]
    public async Task Defect_a_long_load_keeps_no_other_request_waiting()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen/qwen3-4b-2507"}""");
        gateway.Simulator.State.Change(settings => settings with { LoadTime = TimeSpan.FromHours(1) });
        using var leaving = new CancellationTokenSource();
        var load = gateway.PostAsync("/models/load", """{"model_key":"granite-3.0-2b-instruct"}""", leaving.Token);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsStarted == 2, "the load is under way");

        Assert.Equal(200, (await gateway.PostJsonAsync("/chat", ChatReplies.Says("hi"))).Status);
        Assert.Equal(200, (await gateway.GetJsonAsync("/health")).Status);
        Assert.Equal(200, (await gateway.GetJsonAsync("/models")).Status);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        await Eventually.TrueAsync(() => gateway.Counters().LoadsCancelled == 1, "the load is given up");
    }

    [Fact]
    [Trait("req", "S1-13")]
    public async Task The_list_of_the_document_shows_what_is_loaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Models = new ModelListOptions { List = ModelListing.Loaded } });
        Assert.Equal("[]", (await gateway.GetJsonAsync("/models")).Body.GetRawText());

        await gateway.PostJsonAsync("/models/load", """{"model_key":"qwen/qwen3-4b-2507"}""");

        Assert.Equal("""[{"key":"qwen/qwen3-4b-2507","display_name":"Qwen3 4B 2507"}]""", (await gateway.GetJsonAsync("/models")).Body.GetRawText());
    }

    [Fact]
    [Trait("req", "S1-11")]
    public async Task Health_is_answered()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "healthy"), (status, body.GetProperty("status").GetString()));
    }
}
