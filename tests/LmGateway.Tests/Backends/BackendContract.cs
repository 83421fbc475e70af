using System.Buffers;
using System.Text;
using System.Text.Json;
using LmGateway.Backends;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends;

/// <summary>What every backend promises, whatever server it is for and however far away.</summary>
public abstract class BackendContract : IAsyncLifetime
{
    private IBackend? backend;

    internal IBackend Backend => backend ?? throw new InvalidOperationException("The backend has not been started.");

    /// <summary>A model that is ready.</summary>
    protected virtual string Model => "qwen2-1.5b-instruct";

    /// <summary>What a copy is called that is to be called <c>second</c>.</summary>
    protected virtual string Second => "second";

    /// <summary>A model that speaks on and on.</summary>
    protected virtual string Endless => Model;

    /// <summary>A model that calls the tool it is given.</summary>
    protected virtual string Caller => Model;

    public async ValueTask InitializeAsync() => backend = await StartAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (backend is not null) await backend.DisposeAsync();
    }

    [Fact]
    public async Task The_report_lists_models_and_those_that_are_ready()
    {
        var report = await Backend.ReportAsync(TestContext.Current.CancellationToken);
        Assert.All(report.Models, model => Assert.Equal(Backend.Name, model.Backend));
        Assert.Contains(report.Models, model => model.Key == Model);
        Assert.Contains(report.Instances, instance => instance.ModelKey == Model && instance.Identifier == Model && instance.Id.Backend == Backend.Name);
    }

    [Fact]
    public async Task A_whole_exchange_brings_the_body()
    {
        await using var reply = await Backend.ExchangeAsync(Chat(Model, "count to 3"), TestContext.Current.CancellationToken);
        Assert.Equal(200, reply.Status);
        Assert.StartsWith("application/json", reply.ContentType, StringComparison.Ordinal);
        var body = JsonElement.Parse(await TextAsync(reply));
        Assert.Equal("1, 2, 3", body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.True(body.GetProperty("usage").GetProperty("total_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task A_streamed_exchange_brings_events_to_the_end()
    {
        await using var reply = await Backend.ExchangeAsync(Chat(Model, "count to 3", stream: true), TestContext.Current.CancellationToken);
        Assert.StartsWith("text/event-stream", reply.ContentType, StringComparison.Ordinal);
        string[] events = [.. (await TextAsync(reply)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(text => text["data: ".Length..])];
        Assert.Equal("[DONE]", events[^1]);
        Assert.Equal("1, 2, 3", string.Concat(events[..^1].Select(text => Content(JsonElement.Parse(text)))));
    }

    [Fact]
    public async Task A_generation_tells_its_model_its_text_why_it_ended_and_what_it_used()
    {
        var events = await Generate(Model, Asking("count to 3")).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(new ChatEvent.Started(Model), events[0]);
        Assert.Equal("1, 2, 3", string.Concat(events.OfType<ChatEvent.Text>().Select(text => text.Content)));
        var finished = Assert.IsType<ChatEvent.Finished>(events[^1]);
        Assert.Equal("stop", finished.Reason);
        Assert.True(finished.Usage is { PromptTokens: > 0, CompletionTokens: > 0 });
    }

    [Fact]
    public async Task A_tool_call_comes_with_its_id_its_name_and_its_arguments()
    {
        var request = Asking("add 1 and 2") with
        {
            Tools = [new ChatTool("add", "Adds.", JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}"""))],
            ToolChoice = "required",
        };
        var events = await Generate(Caller, request).ToListAsync(TestContext.Current.CancellationToken);
        var calls = events.OfType<ChatEvent.ToolCall>().ToList();
        Assert.Equal("add", calls[0].Name);
        Assert.NotNull(calls[0].Id);
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(string.Concat(calls.Select(call => call.Arguments))).ValueKind);
        Assert.Equal("tool_calls", Assert.IsType<ChatEvent.Finished>(events[^1]).Reason);
    }

    [Fact]
    public async Task An_unknown_model_is_not_found()
    {
        var whole = await Assert.ThrowsAsync<GatewayException>(() => Backend.ExchangeAsync(Chat("no-such-model", "hi"), TestContext.Current.CancellationToken));
        var typed = await Assert.ThrowsAsync<GatewayException>(async () => await Generate("no-such-model", Asking("hi")).ToListAsync(TestContext.Current.CancellationToken));
        Assert.Equal((ErrorCode.ModelNotFound, Backend.Name), (whole.Error.Code, whole.Error.Backend));
        Assert.Equal((ErrorCode.ModelNotFound, Backend.Name), (typed.Error.Code, typed.Error.Backend));
    }

    [Fact]
    public async Task Disposing_of_a_reply_before_its_end_ends_the_generation()
    {
        var reply = await Backend.ExchangeAsync(Chat(Endless, "count to 100000", stream: true), TestContext.Current.CancellationToken);
        await using (var blocks = reply.Blocks(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken))
            Assert.True(await blocks.MoveNextAsync());
        await reply.DisposeAsync();
        await AssertEndedAsync();
    }

    [Fact]
    public async Task Cancelling_while_a_piece_is_waited_for_ends_the_generation()
    {
        using var leaving = new CancellationTokenSource();
        var reply = await Backend.ExchangeAsync(Chat(Endless, "count to 100000", stream: true), leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in reply.Blocks(leaving.Token)) leaving.CancelAfter(TimeSpan.Zero);
        });
        await reply.DisposeAsync();
        await AssertEndedAsync();
    }

    [Fact]
    public async Task Leaving_a_generation_ends_it()
    {
        await foreach (var _ in Generate(Endless, Asking("count to 100000"))) break;
        await AssertEndedAsync();
    }

    [Fact]
    public async Task Models_are_loaded_and_unloaded_where_that_is_possible_and_otherwise_it_says_no()
    {
        if (Backend.Traits.CanLoad)
        {
            var loaded = await Backend.LoadAsync(new LoadOrder(Model) { Identifier = "second" }, null, TestContext.Current.CancellationToken);
            Assert.Equal((Second, Model), (loaded.Instance.Identifier, loaded.Instance.ModelKey));
            await Backend.UnloadAsync(Second, TestContext.Current.CancellationToken);
            var gone = await Assert.ThrowsAsync<GatewayException>(() => Backend.UnloadAsync(Second, TestContext.Current.CancellationToken));
            Assert.Equal(ErrorCode.ModelNotFound, gone.Error.Code);
            return;
        }

        var load = await Assert.ThrowsAsync<GatewayException>(() => Backend.LoadAsync(new LoadOrder(Model), null, TestContext.Current.CancellationToken));
        var unload = await Assert.ThrowsAsync<GatewayException>(() => Backend.UnloadAsync(Model, TestContext.Current.CancellationToken));
        Assert.Equal((ErrorCode.NotSupported, ErrorCode.NotSupported), (load.Error.Code, unload.Error.Code));
    }

    internal abstract Task<IBackend> StartAsync();

    /// <summary>The one generation of the test ended early where it ran, and nothing of it is left.</summary>
    protected abstract Task AssertEndedAsync();

    internal static Exchange Chat(string model, string text, bool stream = false) => new()
    {
        Dialect = Dialect.OpenAiChat,
        Method = "POST",
        PathAndQuery = "/v1/chat/completions",
        ContentType = "application/json",
        Body = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}],"stream":{{(stream ? "true" : "false")}}}""")),
        Streamed = stream,
    };

    internal static ChatRequest Asking(string text) => new() { Messages = [new ChatMessage(ChatRole.User, text)] };

    internal IAsyncEnumerable<ChatEvent> Generate(string model, ChatRequest request) =>
        Backend.GenerateAsync(model, request, default, TestContext.Current.CancellationToken);

    internal static async Task<string> TextAsync(ExchangeReply reply)
    {
        using var body = new MemoryStream();
        await foreach (var block in reply.Blocks(TestContext.Current.CancellationToken)) body.Write(block.Span);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    private static string? Content(JsonElement chunk) =>
        chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : null;
}
