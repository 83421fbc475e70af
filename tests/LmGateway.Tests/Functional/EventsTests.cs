using LmGateway.Events;
using LmStudio.Simulator.Engine;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>What the service tells of while it works.</summary>
public sealed class EventsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("req", "S4-28")]
    public async Task A_load_by_hand_tells_of_its_start_its_progress_its_activation_and_its_end()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await gateway.GetJsonAsync("/health");      // the backend is up before anybody listens
        using var events = Listen(gateway);
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary","loadConfig":{"contextLength":4096}}""");

        var heard = await HeardUntilAsync<ModelLoaded>(events);
        Assert.IsType<ModelLoadStarted>(heard[0]);
        Assert.Contains(heard, happened => happened is ModelLoadProgressed);
        Assert.IsType<ModelActivated>(heard[^2]);
        var loaded = (ModelLoaded)heard[^1];
        Assert.Equal(new ModelSubject("lmstudio", GatewayUnderTest.Chat, "primary"), loaded.Model);
        Assert.True(loaded.Activated);
        Assert.Equal(4096, loaded.Settings.ContextLength);

        await gateway.PostJsonAsync("/admin/models/unload", """{"instanceId":"primary"}""");
        var gone = await HeardUntilAsync<ModelActivated>(events);
        Assert.Equal([typeof(ModelUnloadStarted), typeof(ModelUnloaded), typeof(ModelActivated)], gone.Select(happened => happened.GetType()));
        Assert.Equal(ModelChangeOrigin.Requested, ((ModelUnloaded)gone[1]).Origin);
    }

    [Fact]
    public async Task A_request_for_a_cold_model_tells_of_its_queue_its_load_and_its_tokens()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var events = Listen(gateway);
        using var reply = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 5", "\"stream\":true"));
        await reply.Content.ReadAsStringAsync();

        var heard = await HeardUntilAsync<InferenceCompleted>(events);
        var started = Assert.Single(heard.OfType<InferenceStarted>());
        Assert.Equal(("POST", "/v1/chat/completions"), (started.Request.Call.Method, started.Request.Call.Path));
        Assert.Contains(heard, happened => happened is QueueChanged { Waiting: 1 });
        Assert.Contains(heard, happened => happened is QueueChanged { Waiting: 0 });
        Assert.True(Assert.Single(heard.OfType<ModelLoadStarted>()).OnDemand);
        Assert.Equal(ModelChangeOrigin.OnDemand, Assert.Single(heard.OfType<ModelLoaded>()).Origin);
        Assert.Single(heard.OfType<InferenceFirstToken>());
        var done = (InferenceCompleted)heard[^1];
        Assert.Equal(started.Request.Call.RequestId, done.Request.Call.RequestId);
        Assert.Equal(GatewayUnderTest.Chat, done.Request.Instance!.Value.Identifier);
        Assert.True(done.Usage!.Value.CompletionTokens > 0);
    }

    [Fact]
    public async Task A_failure_and_a_caller_that_leaves_are_told_apart()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulate: options => options with { TokensPerSecond = 50 });
        using var events = Listen(gateway);
        await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody("no-such-model", "hello"));
        var failed = (InferenceFailed)(await HeardUntilAsync<InferenceFailed>(events))[^1];
        Assert.Equal("no-such-model", failed.Request.Model);

        using (var reply = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 1000", "\"stream\":true")))
        {
            var body = await reply.Content.ReadAsStreamAsync();
            Assert.True(await body.ReadAsync(new byte[16]) > 0);
        }

        var left = (InferenceCancelled)(await HeardUntilAsync<InferenceCancelled>(events))[^1];
        Assert.NotNull(left.Request.Instance);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_model_that_somebody_else_unloads_is_told_of()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Catalog = options.Catalog with { PollSeconds = 0.1 } });
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","instanceId":"primary"}""");
        using var events = Listen(gateway);
        gateway.Simulator.State.Instances.Unload("primary");
        var gone = (ModelUnloaded)(await HeardUntilAsync<ModelUnloaded>(events))[^1];
        Assert.Equal((ModelChangeOrigin.External, "primary"), (gone.Origin, gone.Model.InstanceId));
    }

    [Fact]
    public async Task A_backend_that_goes_is_told_of()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Catalog = options.Catalog with { PollSeconds = 0.1 } });
        await gateway.GetJsonAsync("/health");
        using var events = Listen(gateway);
        await gateway.Simulator.DisposeAsync();
        var down = (BackendDown)(await HeardUntilAsync<BackendDown>(events))[^1];
        Assert.Equal("lmstudio", down.Backend);
    }

    private static EventSubscription Listen(GatewayUnderTest gateway) => gateway.Services.GetRequiredService<EventHub>().Subscribe();

    private static async Task<List<GatewayEvent>> HeardUntilAsync<T>(EventSubscription events)
        where T : GatewayEvent
    {
        var heard = new List<GatewayEvent>();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var happened in events.ReadAsync(patience.Token))
        {
            heard.Add(happened.Event);
            if (happened.Event is T) break;
        }

        return heard;
    }
}
