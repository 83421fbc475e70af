using System.Text.Json;
using LmGateway.Backends.Mock;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Backends.Mock;

public sealed class MockBackendTests : IDisposable
{
    private readonly MockFolder folder = new();
    private readonly ManualTime time = new();
    private readonly MockBackend backend;

    public MockBackendTests() => backend = new MockBackend(new GatewayOptions { Inference = new InferenceOptions { MockResponsesDir = folder.Path } }, time);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_is_chosen_by_the_models_name_and_the_default_one_answers_for_all_others()
    {
        folder.Write("default.yaml", "responses: [{ text: other }]");
        folder.Write("TheBloke/Mistral-7B.yaml", "responses: [{ text: mistral }]");
        Assert.Equal(("mistral", "mistral", "other"), (await TextAsync("TheBloke/Mistral-7B"), await TextAsync("thebloke/mistral-7b"), await TextAsync("../default.yaml")));
        var report = await backend.ReportAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["TheBloke/Mistral-7B"], report.Models.Select(model => model.Key));
        Assert.True(report.Traits!.TakesAnyModelName);
    }

    [Fact]
    public async Task Without_a_default_file_other_models_are_not_found()
    {
        folder.Write("one.yml", "responses: [{ text: 1 }]");
        Assert.Equal(ErrorCode.ModelNotFound, (await Assert.ThrowsAsync<GatewayException>(() => TextAsync("two"))).Error.Code);
        Assert.False((await backend.ReportAsync(TestContext.Current.CancellationToken)).Traits!.TakesAnyModelName);
    }

    [Fact]
    public async Task A_changed_file_counts_from_the_next_look_on_and_a_broken_one_is_told()
    {
        folder.Write("m.yaml", "responses: [{ text: before }]");
        Assert.Equal("before", await TextAsync("m"));
        folder.Write("m.yaml", "responses: [{ text: after }]");
        await backend.ReportAsync(TestContext.Current.CancellationToken);
        Assert.Equal("after", await TextAsync("m"));
        folder.Write("m.yaml", "responses: 1");
        var failure = await Assert.ThrowsAsync<GatewayException>(() => backend.ReportAsync(TestContext.Current.CancellationToken));
        Assert.Equal("The mock's replies cannot be used: m.yaml line 1: a list of replies is expected.", failure.Error.Message);
        Assert.Equal("after", await TextAsync("m"));
    }

    [Fact]
    public async Task Replies_in_turn_are_counted_for_each_model()
    {
        foreach (var model in new[] { "a", "b" }) folder.Write($"{model}.yaml", "settings: { mode: sequential }\nresponses: [{ text: one }, { text: two }]");
        Assert.Equal(["one", "one", "two", "one", "two"], [await TextAsync("a"), await TextAsync("b"), await TextAsync("a"), await TextAsync("a"), await TextAsync("b")]);
    }

    [Fact]
    public async Task The_same_request_gets_the_same_bytes()
    {
        folder.Write("m.yaml", "responses: [{ text: the same }]");
        var again = new MockBackend(new GatewayOptions { Inference = new InferenceOptions { MockResponsesDir = folder.Path } }, time);
        await using var one = await backend.ExchangeAsync(BackendContract.Chat("m", "hi", stream: true), TestContext.Current.CancellationToken);
        await using var other = await again.ExchangeAsync(BackendContract.Chat("m", "hi", stream: true), TestContext.Current.CancellationToken);
        Assert.Equal(await BackendContract.TextAsync(one), await BackendContract.TextAsync(other));
    }

    [Fact]
    public async Task Tool_calls_in_a_stream_say_which_one_they_are_and_end_it_as_such()
    {
        folder.Write("m.yaml", "responses: [{ tool_calls: [{ id: a, type: function, function: { name: f, arguments: '{}' } }, { id: b, type: function, function: { name: g, arguments: '{}' } }] }]");
        await using var reply = await backend.ExchangeAsync(BackendContract.Chat("m", "hi", stream: true), TestContext.Current.CancellationToken);
        var chunks = (await BackendContract.TextAsync(reply)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1].Select(text => JsonElement.Parse(text["data: ".Length..]).GetProperty("choices")[0]).ToList();
        Assert.Equal([0, 1], chunks[1].GetProperty("delta").GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("index").GetInt32()));
        Assert.Equal("tool_calls", chunks[^1].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Delays_hold_back_the_reply_and_each_piece()
    {
        folder.Write("m.yaml", "settings: { chunk_delay_ms: 10 }\nresponses: [{ text: hi, delay_ms: 100 }]");
        var asking = backend.ExchangeAsync(BackendContract.Chat("m", "hi", stream: true), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => time.Pending == 1, "the reply is held back");
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));
        await using var reply = await asking;
        await using var blocks = reply.Blocks(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await blocks.MoveNextAsync());
        var next = blocks.MoveNextAsync().AsTask();
        await Eventually.TrueAsync(() => time.Pending == 1, "the next piece is held back");
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.True(await next);
    }

    [Fact]
    public async Task A_delay_beyond_the_time_limit_is_a_time_out()
    {
        folder.Write("m.yaml", "responses: [{ text: hi, delay_ms: 60000 }]");
        var asking = backend.ExchangeAsync(BackendContract.Chat("m", "hi") with { Timeout = TimeSpan.FromSeconds(1) }, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => time.Pending == 2, "the limit and the delay run");
        time.Advance(TimeSpan.FromSeconds(1));
        var failure = await Assert.ThrowsAsync<GatewayException>(() => asking);
        Assert.Equal((ErrorCode.BackendTimeout, "timeout of 1000ms exceeded: the mock answers later than that."), (failure.Error.Code, failure.Error.Message));
        await Eventually.TrueAsync(() => time.Pending == 0, "nothing waits any more");
    }

    private async Task<string> TextAsync(string model)
    {
        await using var reply = await backend.ExchangeAsync(BackendContract.Chat(model, "hi"), TestContext.Current.CancellationToken);
        return JsonElement.Parse(await BackendContract.TextAsync(reply)).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }
}
