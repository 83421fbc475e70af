using System.Text;
using System.Text.Json;
using LeanNats;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>Several workers on one NATS server, a worker that has too much to do, and one that stops.</summary>
public sealed class WorkersTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);

    [Fact]
    [Trait("req", "S0-11")]
    public async Task Workers_of_one_queue_group_share_the_requests_also_one_that_comes_later()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        Assert.Equal(["desk"], await NodesAsync(nats, 20));
        await using (var second = await GatewayUnderTest.StartAsync(configure: options => NatsUnderTest.On(nats.Server.Url, options) with { Node = "attic.1" }))
        {
            await second.ConnectedAsync();
            await Eventually.TrueAsync(async () => (await NodesAsync(nats, 20)).SequenceEqual(["attic-1", "desk"]), "both answer");
            var own = JsonElement.Parse((await nats.RequestAsync("lmstudio.node.attic-1.loaded_models", [])).Data.Span);
            Assert.Equal("attic-1", own.GetProperty("data").Text("node"));
        }

        Assert.Equal(["desk"], await NodesAsync(nats, 20));
    }

    [Fact]
    [Trait("req", "S0-11")]
    public async Task Workers_of_another_queue_group_all_answer()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        await using var second = await GatewayUnderTest.StartAsync(configure: options =>
            NatsUnderTest.On(nats.Server.Url, options with { Nats = new NatsOptions { QueueGroup = "others" } }));
        await second.ConnectedAsync();
        await Eventually.TrueAsync(async () => await CountAsync() == 2, "one of each group answers");

        async Task<int> CountAsync()
        {
            var replies = 0;
            await foreach (var _ in nats.Caller.RequestManyAsync("lmstudio.loaded_models", replyOpts: new NatsSubOpts { IdleTimeout = TimeSpan.FromMilliseconds(500) })) replies++;
            return replies;
        }
    }

    [Fact]
    public async Task Requests_past_the_limit_are_refused_and_other_operations_go_on()
    {
        await using var nats = await NatsUnderTest.StartAsync(
            simulated => simulated with { TimeToFirstToken = Forever, ParallelSessions = 8 }, options => options with { Nats = new NatsOptions { MaxRequests = 2 } });
        using var leaving = new CancellationTokenSource();
        var body = Encoding.UTF8.GetBytes(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        var waiting = Enumerable.Range(0, 2).Select(_ => nats.Caller.RequestAsync("lmstudio.chat_model", body, cancellationToken: leaving.Token).AsTask()).ToList();
        await Eventually.TrueAsync(() => nats.Gateway.Counters().Predictions == 2, "two chats run");
        var (text, data) = (await nats.AskAsync("chat_model", body)).Failure("overloaded");
        Assert.Contains("nats.max_requests", text);
        Assert.True(data.GetProperty("retry_after_ms").GetInt64() > 0);
        (await nats.AskAsync("list_models", "{}")).Data();
        await leaving.CancelAsync();
        foreach (var asked in waiting) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task No_slow_request_holds_up_another()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { LoadTime = Forever });
        using var leaving = new CancellationTokenSource();
        var slow = nats.Caller.RequestAsync("lmstudio.load_model", """{"model":"qwen2-1.5b-instruct"}"""u8.ToArray(), timeout: NatsUnderTest.Patience, cancellationToken: leaving.Token).AsTask();
        await Eventually.TrueAsync(() => nats.Gateway.Counters().LoadsStarted == 1, "the load runs");
        foreach (var operation in new[] { "list_models", "loaded_models", "health" }) (await nats.AskAsync(operation, "{}")).Data();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
    }

    [Fact]
    public async Task A_worker_that_stops_answers_what_it_has_taken()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        var asked = nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 20"));
        await Eventually.TrueAsync(() => nats.Gateway.Counters().Predictions == 1, "it runs");
        await nats.Gateway.StopAsync();
        Assert.EndsWith("20", (await asked).Data().GetProperty("response").GetProperty("choices")[0].GetProperty("message").Text("content"));
        await Assert.ThrowsAsync<NatsNoRespondersException>(() => nats.AskAsync("list_models", "{}"));
    }

    [Fact]
    public async Task What_takes_too_long_for_a_worker_that_stops_is_told_so()
    {
        await using var nats = await NatsUnderTest.StartAsync(
            simulated => simulated with { TimeToFirstToken = Forever }, options => options with { Timeouts = new TimeoutOptions { ShutdownMs = 50 } });
        var asked = nats.AskAsync("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        var streamed = LastAsync(nats, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"));
        await Eventually.TrueAsync(() => nats.Gateway.Counters().Predictions == 2, "they run");
        await nats.Gateway.StopAsync();
        (await asked).Failure("draining");
        (await streamed).Failure("draining");
    }

    [Fact]
    public async Task The_workers_are_found_by_the_micro_services_protocol()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var info = JsonElement.Parse((await nats.Caller.RequestAsync("$SRV.INFO.lmstudio")).Data.Span);
        Assert.Equal("desk", info.GetProperty("metadata").Text("node"));
        var endpoints = info.GetProperty("endpoints").EnumerateArray().ToDictionary(endpoint => endpoint.Text("subject"), endpoint => endpoint.Text("queue_group"));
        string[] operations =
        [
            "list_models", "pull_model", "delete_model", "chat_model", "sync_model_from_bucket", "load_model", "unload_model", "activate_model", "loaded_models", "embed", "health", "job_status",
            "publish_model", "chat_stream",
        ];
        Assert.Equal(operations.SelectMany(operation => new[] { $"lmstudio.{operation}", $"lmstudio.node.desk.{operation}" }).Order(), endpoints.Keys.Order());
        Assert.All(endpoints.Values, group => Assert.Equal("lmstudio-workers", group));
        await nats.AskAsync("chat_model", "");
        var stats = JsonElement.Parse((await nats.Caller.RequestAsync("$SRV.STATS.lmstudio")).Data.Span);
        var chat = stats.GetProperty("endpoints").EnumerateArray().Single(endpoint => endpoint.Text("subject") == "lmstudio.chat_model");
        Assert.Equal(1, chat.GetProperty("num_errors").GetInt32());
    }

    private static async Task<JsonElement> LastAsync(NatsUnderTest nats, string payload)
    {
        JsonElement last = default;
        await foreach (var message in nats.StreamAsync(payload)) last = JsonElement.Parse(message.Data.Span);
        return last;
    }

    private static async Task<string[]> NodesAsync(NatsUnderTest nats, int requests)
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => nats.AskAsync("loaded_models", "{}")));
        return [.. replies.Select(reply => reply.GetProperty("data").Text("node")).Distinct().Order(StringComparer.Ordinal)];
    }
}
