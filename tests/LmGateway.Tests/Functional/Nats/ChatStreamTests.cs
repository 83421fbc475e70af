using System.Text;
using System.Text.Json;
using LeanNats;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary><c>chat_stream</c>: what comes, in which order, and how it ends early.</summary>
public sealed class ChatStreamTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);

    [Fact]
    [Trait("req", "S0-39")]
    public async Task A_stream_is_acknowledged_counted_through_summarised_and_ended()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var messages = await ReadAsync(nats, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5"), new NatsHeaders { ["x-request-id"] = "mine" });
        Assert.Equal(Enumerable.Range(0, messages.Count), messages.Select(message => message.GetProperty("seq").GetInt32()));
        Assert.Equal(("ack", "mine"), (messages[0].Text("type"), messages[0].Text("request_id")));
        var chunks = messages.Where(message => message.Text("type") == "chunk").ToList();
        Assert.Equal("1, 2, 3, 4, 5", Spoken(chunks));
        var done = messages[^1];
        Assert.Equal(("done", "stop", chunks.Count), (done.Text("type"), done.Text("finish_reason"), done.GetProperty("chunks").GetInt32()));
        Assert.True(done.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
        await nats.Gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task While_it_waits_signs_of_life_come()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { LoadTime = TimeSpan.FromMilliseconds(900) });
        var messages = await ReadAsync(nats, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"));
        var types = messages.Select(message => message.Text("type")).ToList();
        Assert.Equal("ack", types[0]);
        Assert.Equal("status", types[1]);
        Assert.Equal("waiting", messages[1].Text("state"));
        Assert.Equal("done", types[^1]);
    }

    [Theory]
    [InlineData("", "invalid_request")]
    [InlineData("{", "invalid_request")]
    [InlineData("{\"messages\":[]}", "model_required")]
    public async Task A_bad_request_gets_one_error_and_the_end(string payload, string code)
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var messages = new List<NatsMsg>();
        await foreach (var message in nats.StreamAsync(payload)) messages.Add(message);
        var (_, data) = JsonElement.Parse(Assert.Single(messages).Data.Span).Failure(code);
        Assert.Equal(("error", 0), (data.Text("type"), data.GetProperty("seq").GetInt32()));
    }

    [Fact]
    public async Task A_stream_that_breaks_in_the_backend_ends_with_an_error()
    {
        await using var nats = await NatsUnderTest.StartAsync(prepare: studio => studio.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Tokens = 2, Message = "the model crashed" }));
        var messages = new List<JsonElement>();
        await foreach (var message in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50"))) messages.Add(JsonElement.Parse(message.Data.Span));
        Assert.Equal("chunk", messages[1].Data().Text("type"));
        var (text, data) = messages[^1].Failure("backend_fault");
        Assert.Contains("the model crashed", text);
        Assert.Equal(messages.Count - 1, data.GetProperty("seq").GetInt32());
        await nats.Gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_caller_that_stops_listening_ends_the_generation()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        await foreach (var message in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50000")))
            if (JsonElement.Parse(message.Data.Span).Data().Text("type") == "chunk") break;
        await AssertCancelledAsync(nats);
    }

    [Fact]
    public async Task A_caller_that_stops_listening_while_the_model_loads_ends_the_load()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { LoadTime = Forever });
        await foreach (var message in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5")))
            if (JsonElement.Parse(message.Data.Span).Data().Text("type") == "status" && nats.Gateway.Counters().LoadsStarted == 1) break;
        await Eventually.TrueAsync(() => nats.Gateway.Counters().LoadsCancelled == 1, "the load is cancelled");
        await nats.Gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_caller_whose_connection_dies_ends_the_generation()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        var caller = nats.Server.Connect();
        var subscription = await caller.SubscribeCoreAsync("here");
        await caller.PublishAsync("lmstudio.chat_stream", Encoding.UTF8.GetBytes(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50000")), replyTo: "here");
        await Eventually.TrueAsync(() => nats.Gateway.Counters().Predictions == 1, "it runs");
        await caller.DisposeAsync();
        await AssertCancelledAsync(nats);
        await subscription.DisposeAsync();
    }

    [Fact]
    public async Task A_message_to_the_cancel_subject_ends_it_and_is_answered()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        string? subject = null;
        var messages = new List<JsonElement>();
        await foreach (var message in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50000")))
        {
            messages.Add(JsonElement.Parse(message.Data.Span));
            if (messages.Count == 1) subject = messages[0].Data().Text("cancel_subject");
            if (messages.Count == 4) Assert.True((await nats.AskAsync(subject!, "")).Data().GetProperty("cancelled").GetBoolean());
        }

        messages[^1].Failure("cancelled");
        await AssertCancelledAsync(nats);
        Assert.False((await nats.AskAsync(subject!, "")).Data().GetProperty("cancelled").GetBoolean());
    }

    [Fact]
    public async Task A_deadline_ends_it_with_an_error()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TimeToFirstToken = Forever });
        JsonElement last = default;
        await foreach (var message in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"), new NatsHeaders { ["x-deadline-ms"] = "300" })) last = JsonElement.Parse(message.Data.Span);
        last.Failure("backend_timeout");
        await AssertCancelledAsync(nats);
    }

    [Fact]
    public async Task Two_hundred_streams_at_once_deliver_every_chunk_in_order()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { ParallelSessions = 200, TokensPerSecond = 200 });
        var streams = Enumerable.Range(0, 200).Select(async number =>
        {
            var messages = await ReadAsync(nats, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, $"count to {20 + (number % 5)}"));
            Assert.Equal(Enumerable.Range(0, messages.Count), messages.Select(message => message.GetProperty("seq").GetInt32()));
            Assert.Equal(string.Join(", ", Enumerable.Range(1, 20 + (number % 5))), Spoken(messages.Where(message => message.Text("type") == "chunk")));
            Assert.Equal("done", messages[^1].Text("type"));
        });
        await Task.WhenAll(streams);
        Assert.Equal((1, 200), (nats.Gateway.Counters().LoadsStarted, nats.Gateway.Counters().PredictionsCompleted));
        await nats.Gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_stream_that_nobody_asks_for_does_not_run()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        await nats.Caller.PublishAsync("lmstudio.chat_stream", Encoding.UTF8.GetBytes(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi")));
        await nats.Caller.PublishAsync("lmstudio.chat_model", Encoding.UTF8.GetBytes(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi")));
        await nats.Caller.FlushAsync();
        Assert.Equal("done", (await ReadAsync(nats, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi")))[^1].Text("type"));
        Assert.Equal(1, nats.Gateway.Counters().Predictions);
    }

    private static async Task<List<JsonElement>> ReadAsync(NatsUnderTest nats, string payload, NatsHeaders? headers = null)
    {
        var messages = new List<JsonElement>();
        await foreach (var message in nats.StreamAsync(payload, headers)) messages.Add(JsonElement.Parse(message.Data.Span).Data());
        return messages;
    }

    private static string Spoken(IEnumerable<JsonElement> chunks) => string.Concat(chunks.Select(chunk =>
        chunk.GetProperty("chunk").GetProperty("choices")[0].GetProperty("delta") is var delta && delta.TryGetProperty("content", out var content) ? content.GetString() : ""));

    private static async Task AssertCancelledAsync(NatsUnderTest nats)
    {
        await Eventually.TrueAsync(() => nats.Gateway.Counters() is { Cancels: 1, OpenStreams: 0 }, "the backend is told to stop");
        await nats.Gateway.NothingIsLeftAsync();
    }
}
