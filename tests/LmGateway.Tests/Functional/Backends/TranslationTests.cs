using System.Text.Json;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Functional.Backends;

/// <summary>What translation keeps, and what it refuses.</summary>
public sealed class TranslationTests
{
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";

    [Theory]
    [InlineData("/v1/responses", """{"model":"m","input":"hi","previous_response_id":"resp_1"}""", "previous_response_id")]
    [InlineData("/v1/responses", """{"model":"m","input":"hi","tools":[{"type":"web_search"}]}""", "tools")]
    [InlineData("/v1/responses", """{"model":"m","input":[{"type":"computer_call"}]}""", "input[0]")]
    [InlineData("/v1/responses", """{"model":"m"}""", "input")]
    [InlineData("/v1/responses", """{"model":"m","input":[{"role":"nobody","content":"x"}]}""", "input[0].role")]
    [InlineData("/v1/responses", """{"model":"m","input":[{"role":"user","content":[{"type":"input_audio"}]}]}""", "input[0].content[0]")]
    [InlineData("/api/v1/chat", """{"model":"m","input":"hi","previous_response_id":"resp_1"}""", "previous_response_id")]
    [InlineData("/api/v1/chat", """{"model":"m"}""", "input")]
    public async Task What_cannot_be_kept_is_refused_by_its_name(string path, string body, string parameter)
    {
        await using var gateway = await MockAsync();
        var (status, reply) = await gateway.PostJsonAsync(path, body);
        Assert.Equal((400, parameter), (status, reply.GetProperty("error").GetProperty("param").GetString()));
    }

    [Theory]
    [InlineData("/v1/responses", """{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"https://example.com/cat.png"}]}]}""")]
    [InlineData("/v1/responses", """{"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,!!"}]}]}""")]
    [InlineData("/v1/messages", """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://127.0.0.1/cat.png"}}]}]}""")]
    [InlineData("/api/v1/chat", """{"model":"m","input":[{"type":"image","data_url":"cat.png"}]}""")]
    public async Task An_image_that_is_not_there_is_refused_and_never_fetched(string path, string body)
    {
        await using var gateway = await MockAsync();
        var (status, reply) = await gateway.PostJsonAsync(path, body);
        Assert.Equal(400, status);
        Assert.Matches("(?i)image", reply.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_whole_conversation_reaches_Ollama_in_its_own_words()
    {
        await using var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["llava:7b"] });
        await using var gateway = await BeforeAsync($"ollama@{server.Address}");
        var body = $$"""
            {"model":"llava:7b","system_prompt":"Be short.","input":[{"type":"text","content":"What is it?"},{"type":"image","data_url":"data:image/png;base64,{{Pixel}}"}],
             "temperature":0.5,"top_p":0.9,"top_k":7,"repeat_penalty":1.1,"max_output_tokens":20,"reasoning":"off"}
            """;
        var (status, reply) = await gateway.PostJsonAsync("/api/v1/chat", body);
        Assert.Equal((200, "I see 1 image."), (status, reply.GetProperty("output")[0].GetProperty("content").GetString()));
        Assert.Equal("llava:7b", reply.GetProperty("model_instance_id").GetString());
        Assert.True(reply.GetProperty("stats").GetProperty("input_tokens").GetInt32() > 0);
        var sent = JsonElement.Parse(server.State.Bodies.Last());
        Assert.Equal(("system", "Be short."), (sent.GetProperty("messages")[0].GetProperty("role").GetString(), sent.GetProperty("messages")[0].GetProperty("content").GetString()));
        Assert.Equal(Pixel, sent.GetProperty("messages")[1].GetProperty("images")[0].GetString());
        Assert.Equal("""{"num_predict":20,"temperature":0.5,"top_p":0.9,"top_k":7,"repeat_penalty":1.1}""", sent.GetProperty("options").GetRawText());
        Assert.False(sent.GetProperty("think").GetBoolean());
    }

    [Fact]
    public async Task Thoughts_text_and_their_ends_come_in_the_order_that_LM_Studios_clients_expect()
    {
        await using var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["deepseek-r1:8b"] });
        await using var gateway = await BeforeAsync($"ollama@{server.Address}");
        using var response = await gateway.PostAsync("/api/v1/chat", """{"model":"deepseek-r1:8b","input":"count to 2","stream":true}""");
        var events = ServerEvent.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            ["chat.start", "reasoning.start", "reasoning.delta", "reasoning.end", "message.start", "message.delta", "message.delta", "message.end", "chat.end"],
            events.Select(told => told.Name));
    }

    [Fact]
    public async Task A_server_without_the_newer_routes_gets_their_requests_translated()
    {
        await using var server = ScriptedBackend.Running(AnswerChatOnlyAsync);
        await using var gateway = await BeforeAsync($"openai@{server.Address}");
        var (status, reply) = await gateway.PostJsonAsync("/v1/responses", """{"model":"scripted","input":"hi"}""");
        Assert.True(status == 200, reply.GetRawText());
        Assert.Equal("Hello.", reply.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_stream_that_Ollama_ends_with_an_error_ends_with_the_APIs_own_error()
    {
        await using var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b"] });
        await using var gateway = await BeforeAsync($"ollama@{server.Address}");
        server.State.Faults.InStream = "model runner has unexpectedly stopped";
        using var native = await gateway.PostAsync("/api/v1/chat", """{"model":"llama3.2:3b","input":"count to 2","stream":true}""");
        var told = ServerEvent.Parse(await native.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("error", told[^1].Name);
        Assert.Contains("model runner has unexpectedly stopped", told[^1].Data, StringComparison.Ordinal);

        // OpenAI's layer swallows it: the missing end is what tells.
        using var chat = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("llama3.2:3b", "count to 2", "\"stream\":true"));
        var stream = await chat.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("[DONE]", stream, StringComparison.Ordinal);
        Assert.Contains("\"error\"", stream, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_of_Ollama_is_a_503_with_retry_after()
    {
        await using var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b"] });
        await using var gateway = await BeforeAsync($"ollama@{server.Address}");
        Assert.Equal(200, (await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"llama3.2:3b"}""")).Status);
        server.State.Faults.Busy = true;
        using var response = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("llama3.2:3b", "hi"));
        Assert.Equal(503, (int)response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_caller_who_leaves_a_translated_stream_ends_it_in_the_backend()
    {
        await using var server = await OllamaServer.StartAsync(new StandInOptions { Models = ["llama3.2:3b"], Pace = TimeSpan.FromMilliseconds(5) });
        await using var gateway = await BeforeAsync($"ollama@{server.Address}");
        using (var response = await gateway.PostAsync("/api/v1/chat", """{"model":"llama3.2:3b","input":"count to 100000","stream":true}"""))
        {
            await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            Assert.True(await stream.ReadAsync(new byte[64], TestContext.Current.CancellationToken) > 0);
        }

        await Eventually.TrueAsync(() => server.State is { Cancels: 1, OpenStreams: 0 }, "Ollama sees the cancel");
    }

    private static async Task AnswerChatOnlyAsync(System.Net.Sockets.NetworkStream stream, CancellationToken cancellationToken)
    {
        // The head has been read; which route it was is told by the order: first the newer one, then the chat.
        var reply = Interlocked.Increment(ref asked) % 2 == 1
            ? "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{\"detail\":\"Not Found\"}"
            : $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{ScriptedBackend.Chunk("Hello.", "stop")}data: [DONE]\n\n";
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(reply), cancellationToken);
    }

    private static int asked;

    private static Task<GatewayUnderTest> BeforeAsync(string backend) => GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9", options => options with { Backends = [backend] });

    private static Task<GatewayUnderTest> MockAsync() => BeforeAsync("mock");
}
