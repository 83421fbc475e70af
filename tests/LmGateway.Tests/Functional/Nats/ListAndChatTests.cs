using System.Text;
using System.Text.Json;
using LeanNats;
using LeanNats.JetStream;
using LeanNats.ObjectStore;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary><c>list_models</c> and <c>chat_model</c>: the documented envelope around LM Studio's own bytes.</summary>
public sealed class ListAndChatTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("{\"anything\":1}")]
    [Trait("req", "S0-06")]
    [Trait("req", "S0-13")]
    [Trait("req", "S0-15")]
    [Trait("req", "S0-17")]
    [Trait("req", "S0-18")]
    public async Task The_list_is_LM_Studios_own_byte_for_byte(string payload)
    {
        await using var nats = await NatsUnderTest.StartAsync();
        using var http = new HttpClient { BaseAddress = nats.Gateway.Simulator.Address };
        var own = await http.GetStringAsync(new Uri("/api/v0/models", UriKind.Relative));
        var reply = await nats.RequestAsync("list_models", Encoding.UTF8.GetBytes(payload));
        var data = JsonElement.Parse(reply.Data.Span).Data();
        Assert.Equal(200, data.GetProperty("http_status").GetInt32());
        Assert.Equal(own, data.GetProperty("models").GetRawText());
        Assert.Contains(data.GetProperty("models").GetProperty("data").EnumerateArray(), model => model.Text("id") == GatewayUnderTest.Other && model.Text("publisher").Length > 0);
    }

    [Fact]
    [Trait("req", "S0-19")]
    public async Task A_list_that_LM_Studio_refuses_is_a_failure_that_holds_the_refusal()
    {
        await using var nats = await NatsUnderTest.StartAsync(prepare: studio => studio.Faults.Add(new Fault { Kind = FaultKind.ErrorStatus, Status = 500, Scope = "/api/v0/models", Body = """{"error":"not today"}""" }));
        var (text, data) = (await nats.AskAsync("list_models", "{}")).Failure("backend_fault");
        Assert.Contains("not today", text);
        Assert.Equal(500, data.GetProperty("http_status").GetInt32());
        Assert.Equal(JsonValueKind.Object, data.GetProperty("models").ValueKind);
    }

    [Fact]
    [Trait("req", "S0-14")]
    [Trait("req", "S0-16")]
    public async Task Without_LM_Studio_every_operation_says_so_in_one_reply()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        await nats.Gateway.Simulator.DisposeAsync();
        (await nats.AskAsync("list_models", "{}")).Failure("backend_unreachable");
        var (text, _) = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"))).Failure("backend_unreachable");
        Assert.NotEmpty(text);
    }

    [Fact]
    [Trait("req", "S0-09")]
    [Trait("req", "S0-34")]
    [Trait("req", "S0-35")]
    [Trait("req", "S0-37")]
    public async Task A_chat_is_answered_with_LM_Studios_own_reply()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var data = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3"))).Data();
        var response = data.GetProperty("response");
        Assert.Equal(200, data.GetProperty("http_status").GetInt32());
        Assert.StartsWith("chatcmpl-", response.Text("id"));
        Assert.Equal("1, 2, 3", response.GetProperty("choices")[0].GetProperty("message").Text("content"));
        var usage = response.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
        Assert.True(response.TryGetProperty("stats", out _), "the reply is that of /api/v0/chat/completions");
    }

    [Theory]
    [InlineData("", "invalid_request", "payload vazio em ChatModel")]
    [InlineData("  \n", "invalid_request", "payload vazio em ChatModel")]
    [InlineData("{", "invalid_request", "invalid JSON in ChatModel: ")]
    [InlineData("[1]", "invalid_request", "invalid JSON in ChatModel: ")]
    [InlineData("{\"messages\":[]}", "model_required", "'model' is required in ChatModel")]
    [InlineData("{\"model\":null,\"messages\":[]}", "model_required", "'model' is required in ChatModel")]
    [InlineData("{\"model\":7,\"messages\":[]}", "model_required", "'model' is required in ChatModel")]
    [InlineData("{\"model\":\"\",\"messages\":[]}", "model_required", "'model' is required in ChatModel")]
    [InlineData("{\"model\":\"\\ud800\",\"messages\":[]}", "model_required", "'model' is required in ChatModel")]
    [InlineData("{\"model\":\"qwen2-1.5b-instruct\",\"messages\":7}", "invalid_request", "messages")]
    [InlineData("{\"model\":\"no-such-model\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "model_not_found", "no-such-model")]
    [Trait("req", "S0-16")]
    [Trait("req", "S0-36")]
    public async Task A_bad_chat_request_gets_one_reply_that_says_what_is_wrong(string payload, string code, string words)
    {
        await using var nats = await NatsUnderTest.StartAsync();
        await nats.Gateway.PostAsync("/admin/models/activate", $$"""{"modelKey":"{{GatewayUnderTest.Chat}}"}""");
        var (text, _) = (await nats.AskAsync("chat_model", payload)).Failure(code);
        Assert.Contains(words, text);
        Assert.Equal(0, nats.Gateway.Counters().Predictions);
    }

    [Fact]
    [Trait("req", "S0-36")]
    public async Task Bytes_that_are_no_text_get_a_reply_too()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        (await nats.AskAsync("chat_model", [0xFF, 0xFE, 0x00])).Failure("invalid_request");
        (await nats.AskAsync("pull_model", [0xFF, 0xFE, 0x00])).Failure("invalid_request");
    }

    [Fact]
    [Trait("req", "S0-38")]
    public async Task Text_that_is_not_ASCII_passes_unchanged()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var data = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "repeat Você é um assistente útil — 日本語 🦙"))).Data();
        var raw = data.GetProperty("response").GetProperty("choices")[0].GetProperty("message").Text("content");
        Assert.Contains("Você é um assistente útil — 日本語 🦙", raw);
    }

    [Fact]
    [Trait("req", "S0-39")]
    public async Task A_chat_that_asks_for_a_stream_gets_the_whole_answer_in_one_reply()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var data = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5", "\"stream\":true,\"stream_options\":{\"include_usage\":true}"))).Data();
        Assert.Equal("1, 2, 3, 4, 5", data.GetProperty("response").GetProperty("choices")[0].GetProperty("message").Text("content"));
    }

    [Fact]
    [Trait("req", "S0-40")]
    public async Task A_reply_that_is_too_large_for_the_server_is_a_clear_error_and_the_connection_lives()
    {
        await using var nats = await NatsUnderTest.StartAsync(server: "max_payload: 4096");
        var (text, data) = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5000"))).Failure("body_too_large");
        Assert.Contains("max_payload", text);
        Assert.Equal(4096, data.GetProperty("max_payload").GetInt64());
        (await nats.AskAsync("loaded_models", "{}")).Data();
    }

    [Fact]
    [Trait("req", "S0-40")]
    public async Task A_caller_that_takes_references_finds_a_large_reply_in_the_object_store()
    {
        await using var nats = await NatsUnderTest.StartAsync(server: "max_payload: 4096", jetStream: true);
        var headers = new NatsHeaders { ["x-large-reply"] = "reference", ["x-request-id"] = "big-1" };
        for (var round = 0; round < 2; round++)
        {
            var reference = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000"), headers)).Data().GetProperty("reference");
            var store = await new NatsObjContext(new NatsJSContext(nats.Caller)).GetObjectStoreAsync(reference.Text("bucket"));
            using var reply = new MemoryStream();
            await store.GetAsync(reference.Text("name"), reply);
            Assert.Equal(reference.GetProperty("size").GetInt64(), reply.Length);
            Assert.StartsWith("big-1/", reference.Text("name"));
            Assert.EndsWith("999, 1000", JsonElement.Parse(reply.ToArray()).Data().GetProperty("response").GetProperty("choices")[0].GetProperty("message").Text("content"));
        }

        (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3"), headers)).Data().GetProperty("response");
    }

    [Fact]
    public async Task Without_JetStream_a_reference_cannot_be_given()
    {
        await using var nats = await NatsUnderTest.StartAsync(server: "max_payload: 4096");
        var headers = new NatsHeaders { ["x-large-reply"] = "reference" };
        (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000"), headers)).Failure("repository_unavailable");
    }

    [Fact]
    [Trait("req", "S0-61")]
    public async Task A_chat_ends_after_two_minutes_or_when_its_deadline_header_says()
    {
        Assert.Equal((30, 120, 120), (new NatsOptions().ListTimeoutSeconds, new NatsOptions().ChatTimeoutSeconds, new NatsOptions().DeleteTimeoutSeconds));
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TimeToFirstToken = TimeSpan.FromHours(1) });
        var (text, _) = (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"), new NatsHeaders { ["X-Deadline-Ms"] = "150" })).Failure("backend_timeout");
        Assert.Contains("0.15 s", text);
        await nats.Gateway.NothingIsLeftAsync();
        (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"), new NatsHeaders { ["x-deadline-ms"] = "soon" })).Failure("invalid_request");
    }

    [Fact]
    public async Task The_limit_of_a_chat_without_a_header_is_the_settings()
    {
        await using var nats = await NatsUnderTest.StartAsync(
            simulated => simulated with { TimeToFirstToken = TimeSpan.FromHours(1) }, options => options with { Nats = new NatsOptions { ChatTimeoutSeconds = 1 } });
        (await nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"))).Failure("backend_timeout");
        await nats.Gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task The_request_id_comes_back_and_one_is_made_where_none_was_sent()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var reply = await nats.RequestAsync("health", [], new NatsHeaders { ["x-request-id"] = "mine-1" });
        Assert.True(reply.Headers!.TryGetLastValue("x-request-id", out var id));
        Assert.Equal("mine-1", id);
        Assert.True((await nats.RequestAsync("health", [])).Headers!.TryGetLastValue("x-request-id", out var made));
        Assert.StartsWith("req_", made);
    }

    [Fact]
    [Trait("req", "S0-05")]
    public async Task A_caller_that_knows_no_headers_gets_plain_JSON()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var reply = await RawCaller.RequestAsync(nats.Server.Port, "lmstudio.list_models", "{}");
        JsonElement.Parse(reply).Data();
    }

    [Fact]
    public async Task In_English_the_texts_are_English()
    {
        await using var nats = await NatsUnderTest.StartAsync(configure: options => options with { Nats = new NatsOptions { ErrorLanguage = NatsErrorLanguage.En } });
        Assert.Equal("empty payload in ChatModel", (await nats.AskAsync("chat_model", "")).Failure("invalid_request").Text);
    }
}
