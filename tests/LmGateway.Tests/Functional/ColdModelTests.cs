using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>Many first requests for a model that is not loaded: one load, however they come.</summary>
public sealed class ColdModelTests
{
    private const int Callers = 64;

    /// <summary>The names under which callers may ask for the one model.</summary>
    private static readonly string[] Names = [GatewayUnderTest.Chat, "QWEN2-1.5B-INSTRUCT", "qwen2-1.5b"];

    [Fact]
    public async Task Sixty_four_requests_at_once_load_it_once_twenty_times_in_a_row()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Quick);
        await RepeatAsync(gateway, 20);
    }

    [Fact]
    [Trait("run", "long")]
    public async Task Sixty_four_requests_at_once_load_it_once_a_thousand_times_in_a_row()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Quick);
        await RepeatAsync(gateway, 1000);
    }

    [Fact]
    public async Task Without_a_control_connection_LM_Studio_itself_loads_it_once_twenty_times_in_a_row()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Racing, prepare: RefuseWebSocket);
        await RepeatAsync(gateway, 20);
    }

    [Fact]
    [Trait("run", "long")]
    public async Task Without_a_control_connection_LM_Studio_itself_loads_it_once_a_thousand_times_in_a_row()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Racing, prepare: RefuseWebSocket);
        await RepeatAsync(gateway, 1000);
    }

    [Fact]
    public async Task The_race_that_the_gateway_prevents_is_real()
    {
        await using var simulator = await LmStudio.Simulator.SimulatorServer.StartAsync(Racing(new SimulatorOptions { TokensPerSecond = 0 }));
        using var http = new HttpClient { BaseAddress = simulator.Address };
        var api = InferenceApi.At(InferenceApi.Chat);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => (await http.SendAsync(GatewayUnderTest.Request(api.Path, api.Request()))).Dispose()));
        Assert.InRange(simulator.State.Counters.Snapshot().LoadsStarted, 2, 8);
    }

    [Fact]
    public async Task Requests_on_all_APIs_share_one_load()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = TimeSpan.FromMilliseconds(300) });
        string[] paths = [InferenceApi.Chat, InferenceApi.Completions, InferenceApi.Responses, InferenceApi.Messages, InferenceApi.ChatV0, InferenceApi.ChatV1];
        var asked = paths.Select(path => gateway.PostJsonAsync(path, InferenceApi.At(path).Request())).ToList();
        foreach (var reply in asked) Assert.Equal(200, (await reply).Status);
        Assert.Equal(1, gateway.Counters().LoadsByKey[GatewayUnderTest.Chat]);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_load_that_fails_fails_all_who_wait_alike_and_the_next_request_tries_again()
    {
        var api = InferenceApi.At(InferenceApi.Chat);
        var time = new ManualTime();
        // A deadline so short that the control connection is not asked for a sign of life before it.
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { LoadTime = TimeSpan.FromHours(1) }, options => options with { Scheduling = new SchedulingOptions { LoadTimeoutSeconds = 1 } }, time: time);
        var asked = Enumerable.Range(0, 16).Select(_ => gateway.PostJsonAsync(api.Path, api.Request())).ToList();
        await Eventually.TrueAsync(() => gateway.Waiting() == 16 && gateway.Counters().LoadsStarted == 1, "all wait for one load");
        gateway.Simulator.State.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        time.Advance(TimeSpan.FromSeconds(1));
        var messages = new HashSet<string>(StringComparer.Ordinal);
        foreach (var reply in asked)
        {
            var (status, body) = await reply;
            Assert.Contains("did not end within 1 s", api.AssertError(Failure.Timeout, status, body));
            messages.Add(body.GetRawText());
        }

        Assert.Single(messages);
        Assert.Equal(1, gateway.Counters().LoadsStarted);
        Assert.Equal(200, (await gateway.PostJsonAsync(api.Path, api.Request())).Status);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_refused_load_has_LM_Studios_words_and_is_not_remembered()
    {
        var api = InferenceApi.At(InferenceApi.Messages);
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Simulator.State.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Scope = GatewayUnderTest.Chat, Message = "Failed to load model: the file is damaged.", Count = 1 });
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request());
        Assert.Contains("the file is damaged", api.AssertError(Failure.Load, status, body));
        Assert.Equal(200, (await gateway.PostJsonAsync(api.Path, api.Request())).Status);
        Assert.Equal((2, 1), (gateway.Counters().LoadsStarted, gateway.Counters().LoadsFailed));
    }

    [Fact]
    public async Task With_loading_on_demand_switched_off_a_cold_model_is_404_and_says_so()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Scheduling = new SchedulingOptions { OnDemand = false } });
        foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Messages, InferenceApi.ChatV1 })
        {
            var (status, body) = await gateway.PostJsonAsync(path, InferenceApi.At(path).Request());
            Assert.Contains("scheduling.on_demand.enabled", InferenceApi.At(path).AssertError(Failure.NoModel, status, body));
        }

        Assert.Equal(0, gateway.Counters().LoadsStarted);
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request())).Status);
    }

    [Fact]
    public async Task A_model_that_expired_unseen_is_loaded_again_for_the_next_request()
    {
        var (api, time) = (InferenceApi.At(InferenceApi.Chat), new ManualTime());
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { TimeProvider = time, LoadTime = TimeSpan.Zero }, options => options with { Catalog = new CatalogOptions { PollSeconds = 3600 } });
        Assert.Equal(200, (await gateway.PostJsonAsync(api.Path, api.Request())).Status);
        await gateway.PostJsonAsync("/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct","instanceId":"mine","ttlSeconds":60}""");
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(2, gateway.Counters().Expirations);
        Assert.Equal(200, (await gateway.PostJsonAsync(api.Path, api.Request())).Status);
        Assert.Equal(2, gateway.Counters().LoadsByKey[GatewayUnderTest.Chat]);
        var (status, body) = await gateway.PostJsonAsync(api.Path, api.Request("mine"));
        Assert.Contains("mine", api.AssertError(Failure.NoModel, status, body));
        await gateway.NothingIsLeftAsync();
    }

    private static SimulatorOptions Quick(SimulatorOptions options) => options with { LoadTime = TimeSpan.FromMilliseconds(20), ParallelSessions = 16 };

    /// <summary>With the control connection refused, LM Studio would load a copy for each request that comes while it loads.</summary>
    private static SimulatorOptions Racing(SimulatorOptions options) => Quick(options) with { JitRace = true };

    private static void RefuseWebSocket(SimulatedLmStudio studio) => studio.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });

    private static async Task RepeatAsync(GatewayUnderTest gateway, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var replies = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => AskAsync(gateway, caller + round)));
            Assert.All(replies, reply => Assert.Equal((200, true), reply));
            var counters = gateway.Counters();
            Assert.True(counters is { LoadsStarted: 1, LoadsCompleted: 1 }, $"round {round}: {counters.LoadsStarted} loads began");
            Assert.Equal(Callers, counters.PredictionsCompleted);
            Assert.Single(gateway.Simulator.State.Instances.All);
            var (status, body) = await gateway.PostJsonAsync("/admin/models/unload", """{"modelKey":"qwen2-1.5b-instruct"}""");
            Assert.True(status == 200, body.GetRawText());
            gateway.Simulator.State.Counters.Reset();
        }

        await gateway.NothingIsLeftAsync();
    }

    /// <summary>Every other one streamed, under one of the model's names.</summary>
    private static async Task<(int Status, bool Whole)> AskAsync(GatewayUnderTest gateway, int caller)
    {
        var (api, stream) = (InferenceApi.At(InferenceApi.Chat), caller % 2 == 0);
        using var response = await gateway.PostAsync(api.Path, api.Request(Names[caller % Names.Length], stream: stream));
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal) && (!stream || text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal)));
    }
}
