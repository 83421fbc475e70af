using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

public sealed class JustInTimeTests
{
    private const string Chat = "/v1/chat/completions";

    [Fact]
    public async Task Inference_loads_a_downloaded_model_first()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync(Chat, Ask(Rig.Qwen));
        Assert.Equal((200, Rig.Qwen), (reply.Status, reply.At("model")));
        var instance = Assert.Single(rig.State.Instances.All);
        Assert.True(instance.OnDemand);
        Assert.Equal(TimeSpan.FromMinutes(60), instance.Ttl);
    }

    [Fact]
    public async Task Concurrent_first_requests_share_one_load()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(50) });
        var replies = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => rig.PostAsync(Chat, Ask(Rig.Granite))));
        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal((1, 64), (rig.Counters.LoadsStarted, rig.Counters.Predictions));
    }

    [Fact]
    public async Task With_the_race_set_concurrent_first_requests_load_copies()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(200), JitRace = true });
        var first = rig.PostAsync(Chat, Ask(Rig.Granite));
        await Rig.EventuallyAsync(() => rig.Counters.LoadsStarted == 1);
        var second = rig.PostAsync(Chat, Ask(Rig.Granite));
        Assert.Equal([Rig.Granite, Rig.Granite + ":2"], new[] { (await first).At("model"), (await second).At("model") }.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_shared_load_that_fails_fails_every_waiter_once()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { MemoryModels = 0 });
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => rig.PostAsync(Chat, Ask(Rig.Granite))));
        Assert.All(replies, reply => Assert.Contains("insufficient system resources", reply.At("error", "message"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_caller_that_leaves_hands_the_load_to_the_next()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromSeconds(1) });
        using var leaving = new CancellationTokenSource();
        var first = rig.OpenAsync(Chat, Ask(Rig.Granite), leaving.Token);
        await Rig.EventuallyAsync(() => rig.Counters.LoadsStarted == 1);
        rig.State.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        var second = rig.PostAsync(Chat, Ask(Rig.Granite));
        await Rig.EventuallyAsync(() => rig.Counters.OpenRequests == 2);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(200, (await second).Status);
        Assert.Equal((2, 1, 1), (rig.Counters.LoadsStarted, rig.Counters.LoadsCancelled, rig.Counters.LoadsCompleted));
    }

    [Fact]
    public async Task Nothing_is_sent_while_a_model_loads()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromSeconds(20) });
        using var leaving = new CancellationTokenSource();
        var opening = rig.OpenAsync(Chat, Ask(Rig.Granite, """, "stream": true"""), leaving.Token);
        await Rig.EventuallyAsync(() => rig.Counters.LoadsStarted == 1);
        Assert.False(opening.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        await Rig.EventuallyAsync(() => rig.Counters is { LoadsCancelled: 1, OpenRequests: 0 });
    }

    [Fact]
    public async Task Without_just_in_time_loading_nothing_loaded_is_400()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { JustInTimeLoading = false });
        var reply = await rig.PostAsync(Chat, Ask(Rig.Granite));
        Assert.Equal(400, reply.Status);
        Assert.Equal("""{"error":{"message":"No models loaded. Please load a model in the developer page or use the 'lms load' command.","type":"invalid_request_error","param":"model","code":null}}""", reply.Text);
        Assert.Equal("""{"data":[],"object":"list"}""", (await rig.GetAsync("/v1/models")).Text);
    }

    [Fact]
    public async Task A_request_without_a_model_is_answered_by_what_is_loaded()
    {
        await using var rig = await Rig.StartAsync();
        const string Body = """{"messages":[{"role":"user","content":"hi"}]}""";
        Assert.Equal(400, (await rig.PostAsync(Chat, Body)).Status);
        await rig.PostAsync(Chat, Ask(Rig.Granite));
        Assert.Equal(Rig.Granite, (await rig.PostAsync(Chat, Body)).At("model"));
    }

    [Fact]
    public async Task The_ttl_of_a_request_counts_only_when_it_loads()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync(Chat, Ask(Rig.Granite, """, "ttl": 30"""));
        await rig.PostAsync(Chat, Ask(Rig.Granite, """, "ttl": 90"""));
        Assert.Equal(TimeSpan.FromSeconds(30), Assert.Single(rig.State.Instances.All).Ttl);
    }

    [Fact]
    public async Task An_idle_model_expires_and_every_use_starts_the_time_anew()
    {
        var clock = new ManualTime();
        await using var rig = await Rig.StartAsync(Rig.Quick with { TimeProvider = clock, JitTtl = TimeSpan.FromMinutes(10) });
        await rig.PostAsync(Chat, Ask(Rig.Granite));
        clock.Advance(TimeSpan.FromMinutes(9));
        await rig.PostAsync(Chat, Ask(Rig.Granite));
        clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Single(rig.State.Instances.All);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(rig.State.Instances.All);
        Assert.Equal((1, 1), (rig.Counters.Expirations, rig.Counters.Unloads));
    }

    [Fact]
    public async Task A_busy_model_does_not_expire()
    {
        var clock = new ManualTime();
        await using var rig = await Rig.StartAsync(Rig.Quick with { TimeProvider = clock, JitTtl = TimeSpan.FromMinutes(10), TokensPerSecond = 0.001 });
        var busy = rig.PostAsync(Chat, Ask(Rig.Granite));
        await Rig.EventuallyAsync(() => rig.State.Instances.All.Any(instance => instance.State.Status == ProcessingStatus.Generating));
        clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Single(rig.State.Instances.All);
        rig.State.Instances.UnloadAll();
        Assert.Equal(400, (await busy).Status);
    }

    [Fact]
    public async Task A_load_on_demand_leaves_models_loaded_by_hand_alone()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/api/v1/models/load", $$"""{"model":"{{Rig.Vision}}"}""");
        await rig.PostAsync(Chat, Ask(Rig.Granite));
        await rig.PostAsync(Chat, Ask(Rig.Qwen));
        Assert.Equal([Rig.Vision, Rig.Qwen], rig.State.Instances.Identifiers());
        Assert.Null(rig.State.Instances.ByIdentifier(Rig.Vision)!.Ttl);
    }

    [Fact]
    public async Task Without_eviction_models_stay_until_the_memory_is_full()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { AutoEvict = false, MemoryModels = 2 });
        await rig.PostAsync(Chat, Ask(Rig.Granite));
        await rig.PostAsync(Chat, Ask(Rig.Qwen));
        var third = await rig.PostAsync(Chat, Ask(Rig.Vision));
        Assert.Equal(400, third.Status);
        Assert.Equal(
            $"Failed to load model \"{Rig.Vision}\". Error: Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately 3.33 GB of memory, "
            + "and continuing to load it would likely overload your system and cause it to freeze. If you think this is incorrect, you can adjust the model loading guardrails in settings.",
            third.At("error", "message"));
    }

    private static string Ask(string model, string more = "") => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]{{more}}}""";
}
