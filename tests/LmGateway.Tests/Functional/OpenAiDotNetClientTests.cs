using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using LmStudio.Simulator.Engine;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>The official .NET client against the service: it is the strictest reader of enums, numbers and arrays.</summary>
public sealed class OpenAiDotNetClientTests
{
    private static readonly byte[] OnePixel = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_are_listed_and_retrieved_by_ids_with_slashes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var models = Client(gateway).GetOpenAIModelClient();

        var list = await models.GetModelsAsync(Ct);
        Assert.Contains(list.Value, model => model.Id == GatewayUnderTest.Chat);
        Assert.All(list.Value, model => Assert.True(model.CreatedAt > DateTimeOffset.UnixEpoch && model.OwnedBy.Length > 0));
        var one = await models.GetModelAsync("qwen/qwen3-4b-2507", Ct);
        Assert.Equal("qwen/qwen3-4b-2507", one.Value.Id);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => models.GetModelAsync("no/such-model", Ct))).Status);
    }

    [Fact]
    public async Task A_chat_is_answered_whole()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var result = await Chat(gateway).CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("count to 5")], cancellationToken: Ct);

        var completion = result.Value;
        Assert.Equal("1, 2, 3, 4, 5", completion.Content[0].Text);
        Assert.Equal((ChatFinishReason.Stop, ChatMessageRole.Assistant, GatewayUnderTest.Chat), (completion.FinishReason, completion.Role, completion.Model));
        Assert.Equal(5, completion.Usage.OutputTokenCount);
        Assert.Equal(completion.Usage.InputTokenCount + 5, completion.Usage.TotalTokenCount);
        Assert.True(completion.CreatedAt > DateTimeOffset.UnixEpoch);
        Assert.True(result.GetRawResponse().Headers.TryGetValue("x-request-id", out var id) && id!.Length > 0);
    }

    [Fact]
    public async Task A_limit_is_told_as_the_reason()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var result = await Chat(gateway).CompleteChatAsync([new UserChatMessage("count to 50")], new ChatCompletionOptions { MaxOutputTokenCount = 3 }, Ct);

        Assert.Equal((ChatFinishReason.Length, "1, 2, 3"), (result.Value.FinishReason, result.Value.Content[0].Text));
    }

    [Fact]
    public async Task A_stream_has_its_text_one_reason_and_the_usage_that_the_client_asks_for()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var updates = await ReadAsync(Chat(gateway).CompleteChatStreamingAsync([new UserChatMessage("count to 20")], cancellationToken: Ct));

        Assert.Equal(string.Join(", ", Enumerable.Range(1, 20)), Text(updates));
        Assert.Equal([ChatFinishReason.Stop], updates.Select(update => update.FinishReason).OfType<ChatFinishReason>());
        Assert.Equal(20, Assert.Single(updates, update => update.Usage is not null).Usage.OutputTokenCount);
        Assert.Single(updates.Select(update => update.CompletionId).Distinct());
    }

    [Fact]
    public async Task Tools_are_called_and_their_results_answered()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var chat = Chat(gateway);
        var question = new UserChatMessage("get_weather for \"Oslo\" and get_time in 2 hours");
        ChatCompletion called = await chat.CompleteChatAsync([question], WithTools(), Ct);

        Assert.Equal(ChatFinishReason.ToolCalls, called.FinishReason);
        Assert.Equal(["get_weather", "get_time"], called.ToolCalls.Select(call => call.FunctionName));
        Assert.Equal(["Oslo", "2"], called.ToolCalls.Select(call => JsonElement.Parse(call.FunctionArguments.ToString()).EnumerateObject().Single().Value.ToString()));

        ChatMessage[] turns = [question, new AssistantChatMessage(called), .. called.ToolCalls.Select(call => new ToolChatMessage(call.Id, "fine"))];
        ChatCompletion answer = await chat.CompleteChatAsync(turns, WithTools(), Ct);
        Assert.Equal((ChatFinishReason.Stop, "The tool answered: fine"), (answer.FinishReason, answer.Content[0].Text));
    }

    [Fact]
    public async Task Streamed_tool_calls_are_whole_when_their_pieces_are_put_together()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        var updates = await ReadAsync(Chat(gateway).CompleteChatStreamingAsync([new UserChatMessage("get_weather for \"Oslo\" and get_time in 2 hours")], WithTools(), Ct));

        var pieces = updates.SelectMany(update => update.ToolCallUpdates).ToLookup(piece => piece.Index);
        Assert.Equal(["get_weather", "get_time"], pieces.Select(call => string.Concat(call.Select(piece => piece.FunctionName))));
        Assert.Equal(2, pieces.Select(call => string.Concat(call.Select(piece => piece.ToolCallId))).Distinct().Count(id => id.Length > 0));
        Assert.All(pieces, call => JsonElement.Parse(string.Concat(call.Select(piece => piece.FunctionArgumentsUpdate?.ToString()))));
        Assert.Equal(ChatFinishReason.ToolCalls, updates.Select(update => update.FinishReason).OfType<ChatFinishReason>().Single());
    }

    [Theory]
    [InlineData("get_time")]
    [InlineData("get_weather")]
    public async Task A_tool_that_is_named_is_called(string name)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var options = WithTools();
        options.ToolChoice = ChatToolChoice.CreateFunctionChoice(name);

        ChatCompletion called = await Chat(gateway).CompleteChatAsync([new UserChatMessage("anything")], options, Ct);

        Assert.Equal([name], called.ToolCalls.Select(call => call.FunctionName));
    }

    [Fact]
    public async Task JSON_mode_and_a_schema_give_what_they_promise()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var chat = Chat(gateway);
        var schema = BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"},"inhabitants":{"type":"integer"}},"required":["city","inhabitants"],"additionalProperties":false}""");

        ChatCompletion loose = await chat.CompleteChatAsync([new UserChatMessage("Say yes as JSON.")], new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() }, Ct);
        ChatCompletion strict = await chat.CompleteChatAsync([new UserChatMessage("\"Lisbon\" has 545796 people.")], new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("city", schema, jsonSchemaIsStrict: true) }, Ct);

        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(loose.Content[0].Text).ValueKind);
        Assert.Equal("""{"city":"Lisbon","inhabitants":545796}""", strict.Content[0].Text);
    }

    [Fact]
    public async Task An_image_reaches_a_model_that_sees_and_no_other()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        ChatMessage[] messages = [new UserChatMessage(ChatMessageContentPart.CreateTextPart("What is this?"), ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(OnePixel), "image/png"))];

        ChatCompletion seen = await Chat(gateway, GatewayUnderTest.Vision).CompleteChatAsync(messages, cancellationToken: Ct);

        Assert.Equal($"I see 1 image (image/png, {OnePixel.Length} bytes). You said: What is this?", seen.Content[0].Text);
        Assert.Equal(400, await StatusAsync(() => Chat(gateway, GatewayUnderTest.Other).CompleteChatAsync(messages, cancellationToken: Ct)));
    }

    [Fact]
    public async Task Embeddings_are_the_backends_numbers_although_the_client_asks_for_base64()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var embedder = Client(gateway).GetEmbeddingClient(GatewayUnderTest.Embedder);

        var result = await embedder.GenerateEmbeddingsAsync(["one", "two"], cancellationToken: Ct);

        var (_, plain) = await gateway.PostJsonAsync("/v1/embeddings", """{"model":"text-embedding-nomic-embed-text-v1.5","input":["one","two"],"encoding_format":"float"}""");
        Assert.Equal([0, 1], result.Value.Select(item => item.Index));
        foreach (var item in result.Value)
            Assert.Equal(plain.GetProperty("data")[item.Index].GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()), item.ToFloats().ToArray());
    }

    [Fact]
    public async Task Mistakes_have_their_status()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();

        Assert.Equal(404, await StatusAsync(() => Chat(gateway, "no-such-model").CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Ct)));
        Assert.Equal(404, await StatusAsync(() => ReadAsync(Chat(gateway, "no-such-model").CompleteChatStreamingAsync([new UserChatMessage("x")], cancellationToken: Ct))));
        Assert.Equal(400, await StatusAsync(() => Chat(gateway, GatewayUnderTest.Embedder).CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Ct)));
        Assert.Equal(400, await StatusAsync(() => Chat(gateway).CompleteChatAsync([new UserChatMessage(string.Concat(Enumerable.Repeat("word ", 6000)))], cancellationToken: Ct)));
    }

    [Fact]
    public async Task A_wrong_key_is_401_and_the_right_one_works()
    {
        const string Key = "a-key-of-the-tests";
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = Key } });

        Assert.Equal(401, await StatusAsync(() => Chat(gateway).CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Ct)));
        ChatCompletion answered = await Client(gateway, Key).GetChatClient(GatewayUnderTest.Chat).CompleteChatAsync([new UserChatMessage("count to 2")], cancellationToken: Ct);
        Assert.Equal("1, 2", answered.Content[0].Text);
    }

    [Fact]
    public async Task A_backend_that_is_down_is_502()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:1");

        Assert.Equal(502, await StatusAsync(() => Chat(gateway).CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Ct)));
    }

    [Theory]
    [InlineData(FaultKind.ErrorEvent)]
    [InlineData(FaultKind.ResetAfterTokens)]
    [InlineData(FaultKind.MalformedEvent)]
    public async Task A_stream_that_breaks_never_looks_finished(FaultKind kind)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = kind, Scope = "/v1/chat", Tokens = 3 });

        var updates = await ReadAsync(Chat(gateway).CompleteChatStreamingAsync([new UserChatMessage("count to 9")], cancellationToken: Ct));

        Assert.Equal("1, 2, 3", Text(updates));
        Assert.All(updates, update => Assert.Null(update.FinishReason));
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.OpenStreams == 0, "no stream is open at the backend");
    }

    [Fact]
    public async Task A_caller_that_cancels_a_stream_ends_it_at_the_backend()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 50 });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var reading = ReadAsync(Chat(gateway).CompleteChatStreamingAsync([new UserChatMessage("count to 1000")], cancellationToken: leaving.Token), _ => leaving.Cancel());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await CancelledAsync(gateway);
    }

    [Fact]
    public async Task A_caller_that_cancels_an_answer_ends_it_at_the_backend()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 50 });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var answering = Chat(gateway).CompleteChatAsync([new UserChatMessage("count to 1000")], cancellationToken: leaving.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().Predictions == 1, "the backend generates");
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
        await CancelledAsync(gateway);
    }

    private static OpenAIClient Client(GatewayUnderTest gateway, string key = "none") =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(gateway.Address, "/v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0) });

    private static ChatClient Chat(GatewayUnderTest gateway, string model = GatewayUnderTest.Chat) => Client(gateway).GetChatClient(model);

    private static ChatCompletionOptions WithTools() => new()
    {
        Tools =
        {
            ChatTool.CreateFunctionTool("get_weather", "The weather.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}""")),
            ChatTool.CreateFunctionTool("get_time", "The time.", BinaryData.FromString("""{"type":"object","properties":{"hours":{"type":"integer"}}}""")),
        },
    };

    private static async Task<List<StreamingChatCompletionUpdate>> ReadAsync(AsyncCollectionResult<StreamingChatCompletionUpdate> stream, Action<StreamingChatCompletionUpdate>? each = null)
    {
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in stream)
        {
            updates.Add(update);
            each?.Invoke(update);
        }

        return updates;
    }

    private static string Text(IEnumerable<StreamingChatCompletionUpdate> updates) =>
        updates.SelectMany(update => update.ContentUpdate).Aggregate(new StringBuilder(), (text, part) => text.Append(part.Text)).ToString();

    private static async Task<int> StatusAsync(Func<Task> call) => (await Assert.ThrowsAsync<ClientResultException>(call)).Status;

    private static async Task CancelledAsync(GatewayUnderTest gateway)
    {
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().Cancels == 1, "the backend counts the cancel");
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.OpenStreams == 0, "no stream is open at the backend");
    }
}
