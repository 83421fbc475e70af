using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Backends.OpenAiCompatible;
using LmGateway.Configuration;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.OpenAiCompatible;

/// <summary>A llama-server with one model, by recorded exchanges with a real one.</summary>
public sealed class LlamaServerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_recognised_with_its_model_its_context_and_its_slots()
    {
        await using var server = ReplayedLlamaServer.WithOneModel();
        await using var backend = At(server);
        var report = await backend.ReportAsync(Cancelled);
        Assert.Equal(("llama-server", false, true), (report.Traits!.Kind, report.Traits.CanLoad, report.Traits.TakesAnyModelName));
        var model = Assert.Single(report.Models);
        Assert.Equal(("alpha", 2048, 5_327_872L, false), (model.Key, model.MaxContextLength, model.SizeBytes, model.Vision));
        var instance = Assert.Single(report.Instances);
        Assert.Equal(("alpha", 1024, 2), (instance.Identifier, instance.ContextLength, instance.Parallel));
        Assert.StartsWith("b10587", report.Version, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Asked, request => request.Path is "/slots" or "/metrics");
    }

    [Fact]
    public async Task One_that_is_still_loading_is_there_and_says_so()
    {
        await using var server = ReplayedLlamaServer.Of("001-loading-v1-models", "002-loading-chat");
        await using var backend = At(server);
        var report = await backend.ReportAsync(Cancelled);
        Assert.Contains("still loading", report.Problem, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<GatewayException>(() => AskAsync(backend, "{}"));
        Assert.Equal(ErrorCode.Overloaded, refused.Error.Code);
        Assert.NotNull(refused.Error.RetryAfter);
    }

    [Fact]
    public async Task A_key_that_is_missing_is_told_as_such()
    {
        await using var server = ReplayedLlamaServer.Of("231-key-v1-models-no-key");
        await using var backend = At(server);
        var refused = await Assert.ThrowsAsync<GatewayException>(() => backend.ReportAsync(Cancelled));
        Assert.Equal(ErrorCode.BackendUnauthorized, refused.Error.Code);
    }

    /// <summary>Each whole reply is made of a recorded stream and compared with what that stream says.</summary>
    [Theory]
    [InlineData("022-chat-stream-usage")]
    [InlineData("032-chat-logprobs-stream")]
    [InlineData("036-chat-n-2-stream")]
    [InlineData("052-chat-tools-required-stream")]
    [InlineData("057-chat-tools-cut-by-length")]
    [InlineData("110-utf8-split-over-tokens-stream")]
    [InlineData("203-thinking-chat-stream")]
    public async Task A_whole_chat_is_asked_for_as_a_stream_and_put_together(string recorded)
    {
        await using var server = ReplayedLlamaServer.WithOneModel(recorded);
        await using var backend = At(server);
        await backend.ReportAsync(Cancelled);
        var reply = await AskAsync(backend, """{"stream" : false, "model":"alpha","messages":[{"role":"user","content":"Hello river"}]}""");

        var sent = JsonElement.Parse(server.Asked.Last().Body);
        Assert.Equal((true, true, "alpha"), (sent.GetProperty("stream").GetBoolean(), sent.GetProperty("stream_options").GetProperty("include_usage").GetBoolean(), sent.GetProperty("model").GetString()));
        Assert.Equal(4, sent.EnumerateObject().Count());
        var chunks = Recording.Load(recorded).Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(text => text["data: ".Length..]).Where(text => text != "[DONE]").Select(text => JsonElement.Parse(text)).ToList();
        foreach (var choice in reply.GetProperty("choices").EnumerateArray())
        {
            var index = choice.GetProperty("index").GetInt32();
            var pieces = chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray()).Where(piece => piece.GetProperty("index").GetInt32() == index).ToList();
            var message = choice.GetProperty("message");
            Assert.Equal(Joined(pieces, "content"), message.GetProperty("content").GetString());
            Assert.Equal(Joined(pieces, "reasoning_content"), message.TryGetProperty("reasoning_content", out var thought) ? thought.GetString() : "");
            Assert.Equal(pieces.Last(piece => piece.GetProperty("finish_reason").ValueKind == JsonValueKind.String).GetProperty("finish_reason").GetString(), choice.GetProperty("finish_reason").GetString());
            var calls = message.TryGetProperty("tool_calls", out var list) ? list.EnumerateArray().Select(call => call.GetProperty("function").GetProperty("arguments").GetString()) : [];
            Assert.Equal(Arguments(pieces), string.Concat(calls));
        }

        Assert.Equal(chunks.Max(chunk => chunk.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()).DefaultIfEmpty(0).Max()) + 1, reply.GetProperty("choices").GetArrayLength());
        Assert.Equal("chat.completion", reply.GetProperty("object").GetString());
        Assert.Equal(chunks[0].GetProperty("id").GetString(), reply.GetProperty("id").GetString());
        if (recorded.StartsWith("022", StringComparison.Ordinal)) Assert.Equal(8, reply.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        if (recorded.StartsWith("032", StringComparison.Ordinal)) Assert.NotEqual(0, reply.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").GetArrayLength());
    }

    [Theory]
    [InlineData(Dialect.OpenAiCompletions, "/v1/completions", "072-v1-completions-stream-usage", "text_completion")]
    [InlineData(Dialect.OpenAiResponses, "/v1/responses", "091-responses-stream", "response")]
    [InlineData(Dialect.OpenAiResponses, "/v1/responses", "206-thinking-responses-stream", "response")]
    [InlineData(Dialect.AnthropicMessages, "/v1/messages", "101-messages-stream", null)]
    [InlineData(Dialect.AnthropicMessages, "/v1/messages", "102-messages-tools-stream", null)]
    [InlineData(Dialect.AnthropicMessages, "/v1/messages", "207-thinking-messages-stream", null)]
    public async Task So_are_whole_replies_in_the_other_dialects(object dialect, string path, string recorded, string? kind)
    {
        await using var server = ReplayedLlamaServer.WithOneModel(recorded);
        await using var backend = At(server);
        await backend.ReportAsync(Cancelled);
        var reply = await AskAsync(backend, """{"model":"alpha"}""", (Dialect)dialect, path);
        if (kind is not null) Assert.Equal(kind, reply.GetProperty("object").GetString());
        else AssertMessage(reply, Recording.Load(recorded).Text);
    }

    [Theory]
    [InlineData("350-kv-pool-exhausted-chat-stream", ErrorCode.ContextLengthExceeded)]
    [InlineData("320-sigterm-in-stream", ErrorCode.BackendFault)]
    [InlineData("321-sigkill-in-stream", null)]
    [InlineData("450-unload-in-stream", ErrorCode.BackendFault)]
    [InlineData("451-child-killed-in-stream", ErrorCode.BackendFault)]
    public async Task A_stream_that_fails_in_the_middle_is_a_failure_of_the_whole(string recorded, object? code)
    {
        await using var server = ReplayedLlamaServer.WithOneModel(recorded);
        await using var backend = At(server);
        await backend.ReportAsync(Cancelled);
        var failure = await Assert.ThrowsAsync<GatewayException>(() => AskAsync(backend, """{"model":"alpha"}"""));
        if (code is not null) Assert.Contains(failure.Error.Code, new[] { (ErrorCode)code, ErrorCode.BackendUnreachable });
        var typed = await Assert.ThrowsAsync<GatewayException>(async () => await backend.GenerateAsync("alpha", BackendContract.Asking("Hello river"), default, Cancelled).ToListAsync(Cancelled));
        Assert.Equal("openai", typed.Error.Backend);
    }

    [Theory]
    [InlineData("135-err-prompt-too-long", ErrorCode.ContextLengthExceeded)]
    [InlineData("142-err-image-to-text-model", ErrorCode.NotSupported)]
    [InlineData("130-err-temperature-string", ErrorCode.InvalidRequest)]
    [InlineData("065-chat-response-format-unknown", ErrorCode.InvalidRequest)]
    [InlineData("120-err-bad-json", ErrorCode.BackendFault)]
    [InlineData("235-key-chat-no-key", ErrorCode.BackendUnauthorized)]
    public async Task A_refusal_means_what_its_code_says(string recorded, object code)
    {
        await using var server = ReplayedLlamaServer.Of(recorded);
        await using var backend = At(server);
        var refused = await Assert.ThrowsAsync<GatewayException>(() => AskAsync(backend, "{}"));
        Assert.Equal((ErrorCode)code, refused.Error.Code);
    }

    [Fact]
    public async Task A_generation_reads_its_thoughts_its_text_and_its_tool_calls()
    {
        await using var server = ReplayedLlamaServer.Of("203-thinking-chat-stream", "052-chat-tools-required-stream");
        await using var backend = At(server);
        var thinking = await backend.GenerateAsync("alpha", BackendContract.Asking("Hello river"), default, Cancelled).ToListAsync(Cancelled);
        Assert.Contains(thinking, happened => happened is ChatEvent.Reasoning);
        var calling = await backend.GenerateAsync("gamma", BackendContract.Asking("Hello river"), default, Cancelled).ToListAsync(Cancelled);
        Assert.Equal("get_weather", calling.OfType<ChatEvent.ToolCall>().First().Name);
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(string.Concat(calling.OfType<ChatEvent.ToolCall>().Select(call => call.Arguments))).ValueKind);
    }

    internal static OpenAiBackend At(ReplayedLlamaServer server) =>
        new(new GatewayOptions { LmStudio = new LmStudioOptions { BaseUrl = server.Address } }, TimeProvider.System);

    private static async Task<JsonElement> AskAsync(IBackend backend, string body, Dialect dialect = Dialect.OpenAiChat, string path = "/v1/chat/completions")
    {
        var exchange = new Exchange { Dialect = dialect, Method = "POST", PathAndQuery = path, ContentType = "application/json", Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body)) };
        await using var reply = await backend.ExchangeAsync(exchange, Cancelled);
        Assert.Equal(200, reply.Status);
        return JsonElement.Parse(await BackendContract.TextAsync(reply));
    }

    private static void AssertMessage(JsonElement reply, string stream)
    {
        var events = Functional.ServerEvent.Parse(stream).Select(told => JsonElement.Parse(told.Data)).ToList();
        var deltas = events.Where(told => told.GetProperty("type").GetString() == "content_block_delta").Select(told => told.GetProperty("delta")).ToList();
        var blocks = reply.GetProperty("content").EnumerateArray().ToList();
        Assert.Equal(events.Count(told => told.GetProperty("type").GetString() == "content_block_start"), blocks.Count);
        foreach (var name in new[] { "text", "thinking" })
            Assert.Equal(
                string.Concat(deltas.Where(delta => delta.TryGetProperty(name, out _)).Select(delta => delta.GetProperty(name).GetString())),
                string.Concat(blocks.Where(block => block.TryGetProperty(name, out _)).Select(block => block.GetProperty(name).GetString())));
        Assert.Equal(deltas.Any(delta => delta.TryGetProperty("partial_json", out _)), blocks.Any(block => block.GetProperty("type").GetString() == "tool_use" && block.GetProperty("input").EnumerateObject().Any()));
        Assert.Equal(events.Last(told => told.GetProperty("type").GetString() == "message_delta").GetProperty("delta").GetProperty("stop_reason").GetString(), reply.GetProperty("stop_reason").GetString());
        Assert.True(reply.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 0);
    }

    private static string Joined(IEnumerable<JsonElement> pieces, string name) =>
        string.Concat(pieces.Select(piece => piece.GetProperty("delta")).Select(delta => delta.TryGetProperty(name, out var text) ? text.GetString() : null));

    private static string Arguments(IEnumerable<JsonElement> pieces) => string.Concat(
        from piece in pieces
        let delta = piece.GetProperty("delta")
        where delta.TryGetProperty("tool_calls", out _)
        from call in delta.GetProperty("tool_calls").EnumerateArray()
        select call.GetProperty("function").GetProperty("arguments").GetString());
}
