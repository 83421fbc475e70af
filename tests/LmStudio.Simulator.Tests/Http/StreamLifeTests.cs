using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

/// <summary>What happens to generations when callers leave, models go, or faults strike.</summary>
public sealed class StreamLifeTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Counting = """{"model":"granite-3.0-2b-instruct","messages":[{"role":"user","content":"count to 1000"}],"stream":true}""";

    [Theory]
    [InlineData(Chat, """{"model":"granite-3.0-2b-instruct","messages":[{"role":"user","content":"count to 1000"}],"stream":true}""")]
    [InlineData("/v1/completions", """{"model":"granite-3.0-2b-instruct","prompt":"count to 1000","stream":true}""")]
    [InlineData("/v1/responses", """{"model":"granite-3.0-2b-instruct","input":"count to 1000","stream":true}""")]
    [InlineData("/v1/messages", """{"model":"granite-3.0-2b-instruct","messages":[{"role":"user","content":"count to 1000"}],"max_tokens":2000,"stream":true}""")]
    [InlineData("/api/v1/chat", """{"model":"granite-3.0-2b-instruct","input":"count to 1000","stream":true}""")]
    public async Task A_caller_that_leaves_stops_the_generation(string path, string body)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = 50 });
        using var leaving = new CancellationTokenSource();
        var stream = await rig.OpenAsync(path, body, leaving.Token);
        Assert.NotEqual(0, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        await Rig.EventuallyAsync(() => rig.Counters is { OpenStreams: 1, Predictions: 1 });
        await stream.DisposeAsync();
        await Rig.EventuallyAsync(() => rig.Counters is { OpenStreams: 0, OpenRequests: 0, Cancels: 1 });
        Assert.Equal(0, rig.Counters.PredictionsCompleted);
    }

    [Fact]
    public async Task A_caller_that_leaves_an_unstreamed_request_stops_it_too()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = 1 });
        using var leaving = new CancellationTokenSource();
        var asking = rig.OpenAsync(Chat, Counting.Replace(",\"stream\":true", "", StringComparison.Ordinal), leaving.Token);
        await Rig.EventuallyAsync(() => rig.Counters.Predictions == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Rig.EventuallyAsync(() => rig.Counters is { OpenStreams: 0, Cancels: 1 });
    }

    [Fact]
    public async Task A_caller_that_leaves_the_queue_frees_its_place()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = 1, ParallelSessions = 1 });
        using var leaving = new CancellationTokenSource();
        await using var running = await rig.OpenAsync(Chat, Counting, leaving.Token);
        var waiting = rig.OpenAsync(Chat, Counting, leaving.Token);
        await Rig.EventuallyAsync(() => rig.State.Instances.All[0].State.Queued == 1);
        Assert.Equal(2, rig.Counters.OpenStreams);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Rig.EventuallyAsync(() => rig.State.Instances.All[0].State.Queued == 0);
        Assert.Equal(1, rig.Counters.Predictions);
    }

    [Fact]
    public async Task Tokens_come_at_the_pace_that_is_set()
    {
        var clock = new ManualTime();
        await using var rig = await Rig.StartAsync(Rig.Quick with { TimeProvider = clock, TokensPerSecond = 10 });
        await using var stream = await rig.OpenAsync(Chat, Counting, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        for (var number = 1; number <= 3; number++)
        {
            var line = reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
            await Rig.EventuallyAsync(() => clock.Waiting > 0);
            Assert.False(line.IsCompleted);
            clock.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Contains($"{number}\"", await line, StringComparison.Ordinal);
            await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_model_that_is_unloaded_ends_its_streams_with_an_error_frame()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = 1 });
        var reading = rig.StreamAsync(Chat, Counting);
        await Rig.EventuallyAsync(() => rig.Counters.Predictions == 1);
        await rig.PostAsync("/api/v1/models/unload", """{"instance_id":"granite-3.0-2b-instruct"}""");
        var events = await reading;
        Assert.Equal(("error", """{"error":{"message":"Model is unloaded."},"message":"Model is unloaded."}"""), (events[^1].Name, events[^1].Data));
        Assert.DoesNotContain(events, each => each.Data == "[DONE]");
        Assert.Equal(0, rig.Counters.OpenStreams);
    }

    [Theory]
    [InlineData(FaultKind.Refuse)]
    [InlineData(FaultKind.ResetBeforeHeaders)]
    public async Task A_connection_is_cut_before_any_header(FaultKind kind)
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = kind, Scope = "/v1/", Count = 1 });
        await Assert.ThrowsAsync<HttpRequestException>(() => rig.PostAsync(Chat, Counting));
        Assert.Equal(200, (await rig.GetAsync("/v1/models")).Status);
        Assert.Equal(kind == FaultKind.Refuse ? 0 : 1, rig.Counters.Requests.GetValueOrDefault("POST " + Chat));
    }

    [Fact]
    public async Task A_stream_is_reset_after_k_tokens()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.ResetAfterTokens, Tokens = 3, Count = 1 });
        var text = new StringWriter { NewLine = "\n" };
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            using var reader = new StreamReader(await rig.OpenAsync(Chat, Counting, TestContext.Current.CancellationToken));
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line) await text.WriteLineAsync(line);
        });
        Assert.Equal(["1", ", 2", ", 3"], SseEvent.Parse(text.ToString()).Select(each => each.Json.At("choices", 0, "delta", "content").GetString()));
        await Rig.EventuallyAsync(() => rig.Counters.OpenStreams == 0);
    }

    [Fact]
    public async Task A_stream_stalls_after_k_tokens_until_the_caller_leaves()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.Stall, Tokens = 2, Count = 1 });
        using var leaving = new CancellationTokenSource();
        using var reader = new StreamReader(await rig.OpenAsync(Chat, Counting, leaving.Token));
        for (var line = 0; line < 4; line++) Assert.NotNull(await reader.ReadLineAsync(leaving.Token));
        var next = reader.ReadLineAsync(leaving.Token).AsTask();
        Assert.False(next.IsCompleted);
        Assert.Equal(1, rig.Counters.OpenStreams);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await Rig.EventuallyAsync(() => rig.Counters.OpenStreams == 0);
    }

    [Fact]
    public async Task A_malformed_event_is_sent_between_good_ones()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.MalformedEvent, Tokens = 1, Count = 1 });
        var events = await rig.StreamAsync(Chat, Counting.Replace("1000", "3", StringComparison.Ordinal));
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => events[1].Json);
        Assert.Equal(", 3", events[3].Json.At("choices", 0, "delta", "content").GetString());
        Assert.Equal("[DONE]", events[^1].Data);
    }

    [Theory]
    [InlineData(Chat, Counting, "[DONE]")]
    [InlineData("/v1/responses", """{"model":"granite-3.0-2b-instruct","input":"hi","stream":true}""", "response.completed")]
    [InlineData("/v1/messages", """{"model":"granite-3.0-2b-instruct","messages":[{"role":"user","content":"hi"}],"stream":true}""", "message_stop")]
    [InlineData("/api/v1/chat", """{"model":"granite-3.0-2b-instruct","input":"hi","stream":true}""", "chat.end")]
    public async Task A_stream_can_forget_its_last_event(string path, string body, string last)
    {
        await using var rig = await Rig.StartAsync();
        var whole = await rig.StreamAsync(path, body);
        Assert.Equal(last, whole[^1].Name ?? whole[^1].Data);
        rig.State.Faults.Add(new Fault { Kind = FaultKind.NoDone, Scope = path });
        var cut = await rig.StreamAsync(path, body);
        Assert.NotEqual(last, cut[^1].Name ?? cut[^1].Data);
    }

    [Fact]
    public async Task Five_hundred_concurrent_streams_are_served_whole()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ParallelSessions = 500 });
        await rig.PostAsync("/api/v1/models/load", """{"model":"granite-3.0-2b-instruct"}""");
        var body = Counting.Replace("1000", "20", StringComparison.Ordinal);
        var streams = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => rig.StreamAsync(Chat, body)));
        Assert.All(streams, events => Assert.Equal(22, events.Count));
        Assert.Equal((0, 500, 10_000), (rig.Counters.OpenStreams, rig.Counters.PredictionsCompleted, rig.Counters.Tokens));
    }
}
