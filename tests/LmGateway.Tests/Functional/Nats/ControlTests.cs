using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>What goes beyond the NATS service's document: models loaded, unloaded, activated, embeddings, health, events.</summary>
public sealed class ControlTests
{
    [Fact]
    public async Task A_model_is_loaded_listed_activated_and_unloaded()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var loaded = (await nats.AskAsync("load_model", """{"model":"qwen2-1.5b-instruct","instance_id":"mine","load_config":{"context_length":2048},"activate":false,"ttl_seconds":600}""")).Data();
        Assert.Equal((GatewayUnderTest.Chat, "mine", false), (loaded.Text("model"), loaded.Text("identifier"), loaded.GetProperty("activated").GetBoolean()));
        var listed = Assert.Single((await nats.AskAsync("loaded_models", "")).Data().GetProperty("loaded").EnumerateArray());
        Assert.Equal(("mine", 2048, 600), (listed.Text("identifier"), listed.GetProperty("context_length").GetInt32(), listed.GetProperty("ttl_seconds").GetInt32()));
        Assert.Equal(GatewayUnderTest.Chat, (await nats.AskAsync("activate_model", """{"model":"qwen2-1.5b-instruct"}""")).Data().Text("model"));
        Assert.Equal("mine", (await nats.AskAsync("unload_model", """{"instance_id":"mine"}""")).Data().Text("identifier"));
        Assert.Empty((await nats.AskAsync("loaded_models", "")).Data().GetProperty("loaded").EnumerateArray());
    }

    [Theory]
    [InlineData("load_model", "", "invalid_request")]
    [InlineData("load_model", "{\"model\":\"no-such\"}", "model_not_found")]
    [InlineData("load_model", "{\"model\":\"qwen2-1.5b-instruct\",\"load_config\":{\"context_length\":-1}}", "invalid_request")]
    [InlineData("unload_model", "{}", "invalid_request")]
    [InlineData("unload_model", "{\"model\":\"qwen2-1.5b-instruct\"}", "model_not_found")]
    [InlineData("activate_model", "{", "invalid_request")]
    [InlineData("activate_model", "{\"model\":\"text-embedding-nomic-embed-text-v1.5\"}", "invalid_request")]
    [InlineData("embed", "", "invalid_request")]
    [InlineData("embed", "{\"input\":\"x\"}", "model_required")]
    [InlineData("embed", "{\"model\":\"qwen2-1.5b-instruct\",\"input\":\"x\"}", "invalid_request")]
    [InlineData("job_status", "7", "invalid_request")]
    [InlineData("publish_model", "", "invalid_request")]
    [Trait("req", "S0-16")]
    public async Task A_bad_request_gets_one_reply(string operation, string payload, string code)
    {
        await using var nats = await NatsUnderTest.StartAsync();
        Assert.NotEmpty((await nats.AskAsync(operation, payload)).Failure(code).Text);
    }

    [Fact]
    public async Task Embeddings_are_LM_Studios()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var data = (await nats.AskAsync("embed", """{"model":"text-embedding-nomic-embed-text-v1.5","input":["one","two"]}""")).Data();
        Assert.Equal((200, 2), (data.GetProperty("http_status").GetInt32(), data.GetProperty("response").GetProperty("data").GetArrayLength()));
    }

    [Fact]
    public async Task Health_is_the_report_of_the_HTTP_route()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var data = (await nats.AskAsync("health", "")).Data();
        Assert.Equal(("healthy", "connected"), (data.Text("status"), data.GetProperty("nats").Text("state")));
        Assert.True(data.GetProperty("backends")[0].GetProperty("reachable").GetBoolean());
    }

    [Fact]
    public async Task Every_operation_answers_on_the_nodes_own_subject_too()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        foreach (var operation in new[] { "list_models", "loaded_models", "health" }) (await nats.AskAsync($"lmstudio.node.desk.{operation}", "{}")).Data();
        (await nats.AskAsync("lmstudio.node.desk.chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"))).Data();
    }

    [Fact]
    public async Task What_happens_is_published()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        await using var events = await nats.Caller.SubscribeCoreAsync("lmstudio.events.>");
        await nats.Caller.FlushAsync();
        await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        var seen = new List<string>();
        using var deadline = new CancellationTokenSource(NatsUnderTest.Patience);
        while (!seen.Contains("inference.complete"))
        {
            var message = await events.Msgs.ReadAsync(deadline.Token);
            var happened = JsonElement.Parse(message.Data.Span);
            Assert.Equal(($"lmstudio.events.{happened.Text("event")}", "desk"), (message.Subject, happened.Text("node")));
            Assert.True(happened.GetProperty("data").TryGetProperty("timestamp", out _));
            seen.Add(happened.Text("event"));
        }

        Assert.Subset(seen.ToHashSet(), new HashSet<string> { "model.load.start", "model.load.complete", "inference.start", "inference.complete" });
    }
}
