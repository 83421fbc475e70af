using System.Text.Json;
using LmGateway.Api.Http;
using LmGateway.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>More requests than may wait, and more request data than may be held, are 503 with the time to come back.</summary>
public sealed class QueueFullTests
{
    public static TheoryData<string> EveryWayToAModel() => [.. WayIn.All.Where(way => !way.TakesSmallBodies && way.Path != "/v1/messages/count_tokens").Select(way => way.Path)];

    [Theory]
    [MemberData(nameof(EveryWayToAModel))]
    public async Task Past_the_queues_limit_a_request_is_503_with_Retry_After(string path)
    {
        var way = WayIn.At(path);
        var model = path.EndsWith("embeddings", StringComparison.Ordinal) ? GatewayUnderTest.Embedder : GatewayUnderTest.Chat;
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulator => simulator with { LoadTime = TimeSpan.FromHours(1) },
            options => options with { Scheduling = options.Scheduling with { QueueLimit = 1 } });
        using var leave = new CancellationTokenSource();
        var waiting = gateway.PostAsync(path, way.GoodBody, leave.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().LoadsStarted == 1, "the first request waits for its model");

        using (var request = GatewayUnderTest.Request(path, way.GoodBody))
        {
            request.Headers.Add("Origin", BadInputGateway.Origin);
            request.Headers.Add("x-request-id", BadInputGateway.RequestId);
            using var response = await gateway.Http.SendAsync(request);
            var error = new ExpectedError($"1 requests wait for '{model}' already. Try again later, or raise scheduling.queue_limit.") { Code = "queue_full", OpenAiType = "server_error", AnthropicType = "overloaded_error", NativeType = "internal_error" };
            Assert.Equal($"503 {way.Envelope(error, BadInputGateway.RequestId)}", $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            Assert.Equal("5", response.Headers.RetryAfter?.ToString());
            Assert.Equal(BadInputGateway.Origin, response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        }

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().LoadsCancelled == 1, "the load that nobody waits for is cancelled");
        await BadInputGateway.AssertNothingLeftAsync(gateway);
    }

    [Theory]
    [MemberData(nameof(BadInputTests.EveryWay), MemberType = typeof(BadInputTests))]
    public async Task Past_the_memory_for_held_bodies_a_request_is_503_with_Retry_After(string path)
    {
        var way = WayIn.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Limits = new LimitOptions { BodyBytes = 64 * 1024, HeldBytes = 32 * 1024 } });
        var budget = gateway.Services.GetRequiredService<BodyBudget>();

        using (var request = GatewayUnderTest.Request(path, $$"""{"x":"{{new string('x', 40 * 1024)}}",{{way.GoodBody[1..]}}"""))
        {
            request.Headers.Add("x-request-id", BadInputGateway.RequestId);
            using var response = await gateway.Http.SendAsync(request);
            var error = new ExpectedError("Too much request data is being held; try again shortly. The limit is the setting limits.held_bytes.") { Code = "overloaded", OpenAiType = "server_error", AnthropicType = "overloaded_error", NativeType = "internal_error" };
            Assert.Equal($"503 {way.Envelope(error, BadInputGateway.RequestId)}", $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            Assert.Equal("1", response.Headers.RetryAfter?.ToString());
        }

        Assert.Equal(0, budget.Held);
        Assert.True(budget.TryTake(32 * 1024));
        budget.Release(32 * 1024);
    }

    [Fact]
    public async Task A_model_that_is_loading_takes_the_next_request_when_its_turn_comes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Scheduling = options.Scheduling with { QueueLimit = 3 } });
        var replies = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, $"number {number}"))));
        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal(["You said: number 0", "You said: number 1", "You said: number 2"], replies.Select(reply => Content(reply.Body)));
    }

    private static string? Content(JsonElement body) => body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
}
