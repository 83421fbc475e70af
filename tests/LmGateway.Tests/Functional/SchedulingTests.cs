using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Queues, room in memory and unloads, seen from outside.</summary>
public sealed class SchedulingTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);
    private static readonly InferenceApi Api = InferenceApi.At(InferenceApi.Chat);

    [Fact]
    public async Task More_requests_than_an_instance_runs_at_once_wait_in_the_gateway()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { ParallelSessions = 3, TokensPerSecond = 1000 });
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => gateway.PostJsonAsync(Api.Path, Api.Request())));
        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.InRange(gateway.Counters().PeakParallelPredictions, 2, 3);
        await gateway.NothingIsLeftAsync();
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_full_queue_is_503_with_Retry_After_streamed_or_not(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { ParallelSessions = 1, TimeToFirstToken = Forever }, options => options with { Scheduling = new SchedulingOptions { QueueLimit = 2 } });
        using var leaving = new CancellationTokenSource();
        var running = gateway.PostAsync(path, api.Request(), leaving.Token);
        await Eventually.TrueAsync(() => gateway.Counters().Predictions == 1, "one runs");
        Task<HttpResponseMessage>[] waiting = [gateway.PostAsync(path, api.Request(), leaving.Token), gateway.PostAsync(path, api.Request(stream: true), leaving.Token)];
        await Eventually.TrueAsync(() => gateway.Waiting() == 2, "two wait");
        foreach (var stream in new[] { false, true })
        {
            using var response = await gateway.PostAsync(path, api.Request(stream: stream));
            Assert.NotNull(response.Headers.RetryAfter?.Delta);
            var message = api.AssertError(Failure.QueueFull, (int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));
            Assert.Contains("scheduling.queue_limit", message);
        }

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll([running, .. waiting]));
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_load_that_does_not_fit_evicts_what_was_loaded_on_demand_and_idle()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { MemoryModels = 2 });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","instanceId":"mine"}""");
        Assert.Equal(200, (await gateway.PostJsonAsync(Api.Path, Api.Request())).Status);
        Assert.Equal(200, (await gateway.PostJsonAsync(Api.Path, Api.Request(GatewayUnderTest.Vision))).Status);
        Assert.Equal(["mine", GatewayUnderTest.Vision], Loaded(gateway));
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Embeddings, InferenceApi.At(InferenceApi.Embeddings).Request())).Status);
        Assert.Equal(["mine", GatewayUnderTest.Embedder], Loaded(gateway));
        Assert.Equal("mine", (await gateway.PostJsonAsync(Api.Path, Api.Request("mine"))).Body.GetProperty("model").GetString());
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task What_is_in_use_or_was_loaded_by_hand_is_never_evicted()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { MemoryModels = 2, TokensPerSecond = 100 });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","instanceId":"mine"}""");
        using var streaming = await gateway.PostAsync(Api.Path, Api.Request(prompt: "count to 5000", stream: true));
        using var reader = new StreamReader(await streaming.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());
        var (status, body) = await gateway.PostJsonAsync(Api.Path, Api.Request(GatewayUnderTest.Vision));
        Assert.Contains("insufficient system resources", Api.AssertError(Failure.Memory, status, body));
        Assert.Equal(["mine", GatewayUnderTest.Chat], Loaded(gateway));
        Assert.NotNull(await reader.ReadLineAsync());
        Assert.Equal(0, gateway.Counters().Unloads);
    }

    [Fact]
    public async Task With_eviction_switched_off_a_load_that_does_not_fit_fails_with_LM_Studios_words()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { MemoryModels = 1 }, options => options with { Scheduling = new SchedulingOptions { Evict = EvictPolicy.Never } });
        Assert.Equal(200, (await gateway.PostJsonAsync(Api.Path, Api.Request())).Status);
        using var response = await gateway.PostAsync(Api.Path, Api.Request(GatewayUnderTest.Vision));
        var message = Api.AssertError(Failure.Memory, (int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        Assert.Contains("Model loading was stopped due to insufficient system resources.", message);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Equal([GatewayUnderTest.Chat], Loaded(gateway));
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task Several_instances_of_a_model_are_addressed_by_their_identifiers_and_shared_by_its_key()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        foreach (var identifier in new[] { "small", "large" })
            await gateway.PostJsonAsync("/admin/models/load", $$"""{"modelKey":"qwen2-1.5b-instruct","instanceId":"{{identifier}}","activate":false}""");
        foreach (var identifier in new[] { "small", "large" })
            Assert.Equal(identifier, (await gateway.PostJsonAsync(Api.Path, Api.Request(identifier))).Body.GetProperty("model").GetString());
        Assert.Contains((await gateway.PostJsonAsync(Api.Path, Api.Request())).Body.GetProperty("model").GetString(), (string?[])["small", "large"]);
        Assert.Equal(2, gateway.Counters().LoadsStarted);
    }

    [Fact]
    public async Task An_unload_waits_for_a_stream_and_goes_through_when_it_ends()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 100 });
        using var streaming = await gateway.PostAsync(Api.Path, Api.Request(prompt: "count to 5000", stream: true));
        using (var reader = new StreamReader(await streaming.Content.ReadAsStreamAsync()))
        {
            Assert.NotNull(await reader.ReadLineAsync());
            var unload = gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}""");
            await Eventually.TrueAsync(() => gateway.Scheduling().Instances.Count == 0, "the instance is shut");
            for (var line = 0; line < 10; line++) Assert.NotNull(await reader.ReadLineAsync());
            Assert.False(unload.IsCompleted);
            streaming.Dispose();
            Assert.Equal(200, (await unload).Status);
        }

        Assert.Empty(Loaded(gateway));
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task An_unload_that_waited_long_enough_is_409_and_changes_nothing()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { TokensPerSecond = 100 }, options => options with { Scheduling = new SchedulingOptions { UnloadWaitSeconds = 0 } });
        using var streaming = await gateway.PostAsync(Api.Path, Api.Request(prompt: "count to 5000", stream: true));
        using var reader = new StreamReader(await streaming.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());
        foreach (var (path, request) in new[] { ("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}"""), ("/api/v1/models/unload", """{"instance_id":"qwen2-1.5b-instruct"}""") })
        {
            var (status, body) = await gateway.PostJsonAsync(path, request);
            Assert.Equal(409, status);
            Assert.Contains("is answering 1 request(s)", body.GetRawText());
        }

        for (var line = 0; line < 10; line++) Assert.NotNull(await reader.ReadLineAsync());
        Assert.Equal(200, (await gateway.PostJsonAsync(Api.Path, Api.Request())).Status);
        Assert.Equal([GatewayUnderTest.Chat], Loaded(gateway));
    }

    [Fact]
    public async Task A_forced_unload_does_not_wait_and_the_stream_ends_in_an_error()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 100 });
        using var streaming = await gateway.PostAsync(Api.Path, Api.Request(prompt: "count to 5000", stream: true));
        using var reader = new StreamReader(await streaming.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync());
        var (status, _) = await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct","force":true}""");
        Assert.Equal(200, status);
        Assert.Contains("unloaded", Api.AssertBrokenOff(Failure.NoModel, "data: {}\n\n" + await reader.ReadToEndAsync()));
        Assert.Empty(Loaded(gateway));
        await gateway.NothingIsLeftAsync();
    }

    private static IReadOnlyList<string> Loaded(GatewayUnderTest gateway) =>
        [.. gateway.Simulator.State.Instances.All.Select(instance => instance.Identifier).Order(StringComparer.Ordinal)];
}
