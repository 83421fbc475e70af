using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

/// <summary>A server that is down, refuses, breaks, stalls or talks nonsense: a typed error, nothing left open, and the next call works.</summary>
public sealed class FaultTests
{
    private const string NoConnection =
        "Failed to connect to LM Studio SDK after 3 attempts. Ensure LM Studio is running and the API server is enabled.";

    [Theory]
    [InlineData(FaultKind.WebsocketRefused)]
    [InlineData(FaultKind.Refuse)]
    public async Task A_refused_WebSocket_is_tried_three_times_and_then_said_in_the_documented_words(FaultKind kind)
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = kind, Scope = "/llm" });
        var error = await Assert.ThrowsAsync<LmStudioConnectionException>(() => rig.Client.Llm.ListLoadedAsync());
        Assert.Equal(NoConnection, error.Message);
        Assert.NotEmpty(await rig.Client.Rest.ListModelsAsync());
        Assert.NotNull(await rig.Client.System.GetVersionAsync());
        rig.Studio.Faults.Clear();
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task A_WebSocket_that_is_refused_twice_is_open_at_the_third_attempt()
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused, Count = 2 });
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
    }

    [Fact]
    public async Task A_server_that_was_started_anew_is_connected_to_again_by_every_namespace()
    {
        using var port = new ReservedPort();
        var options = new LmStudioClientOptions { BaseAddress = port.Address, ConnectRetryDelay = TimeSpan.FromMilliseconds(1) };
        await using var client = new LmStudioClient(options);
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Llm.ListLoadedAsync());
        for (var run = 0; run < 3; run++)
        {
            await using (await SimulatorServer.StartAsync(Rig.Quick, port.Address.Port))
            {
                Assert.Empty(await client.Llm.ListLoadedAsync());
                Assert.NotEmpty(await client.System.ListDownloadedModelsAsync());
                Assert.NotEmpty(await client.Rest.ListModelsAsync());
            }

            // Each of them learns of the end, now or with this call.
            await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Llm.ListLoadedAsync());
            await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.System.GetVersionAsync());
            await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Rest.ListModelsAsync());
        }
    }

    [Fact]
    public async Task A_server_that_ends_fails_what_is_under_way()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = Rig.Endless });
        var begun = new TaskCompletionSource();
        var load = rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Granite }, new AtFirst<Client.Wire.LoadEvent>(step => step is Client.Wire.LoadEvent.Progressed, begun.SetResult));
        await begun.Task;
        await rig.Server.DisposeAsync();
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => load);
    }

    [Fact]
    public async Task A_call_that_stalls_ends_at_its_deadline_and_the_connection_goes_on()
    {
        var time = new ManualTime();
        await using var rig = await Rig.StartAsync(change: options => options with { TimeProvider = time });
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/llm/listLoaded", Count = 1 });
        var call = rig.Client.Llm.ListLoadedAsync();
        await Eventually.HoldsAsync(() => rig.Studio.Faults.All.Count == 0);
        time.Advance(rig.Options.RequestTimeout);
        Assert.Equal("listLoaded", (await Assert.ThrowsAsync<LmStudioTimeoutException>(() => call)).Endpoint);
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        Assert.Equal(1, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task A_prediction_that_stalls_is_cancelled_after_its_longest_silence()
    {
        var time = new ManualTime();
        await using var rig = await Rig.StartAsync(change: options => options with { TimeProvider = time, KeepAliveInterval = Rig.Endless });
        var model = await rig.LoadAsync(Rig.Granite);
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/llm/predict", Tokens = 2, Count = 1 });
        var events = new List<PredictionEvent>();
        var error = await Assert.ThrowsAsync<LmStudioTimeoutException>(async () =>
        {
            await using var stream = rig.Predict(model, "count to 5").GetAsyncEnumerator();
            while (events.Text() != "1, 2")
            {
                Assert.True(await stream.MoveNextAsync());
                events.Add(stream.Current);
            }

            var next = stream.MoveNextAsync().AsTask();
            time.Advance(rig.Options.ChannelIdleTimeout);
            await next;
        });
        Assert.Equal(("predict", rig.Options.ChannelIdleTimeout), (error.Endpoint, error.Limit));
        await Eventually.HoldsAsync(() => rig.Counters.OpenStreams == 0);
        Assert.Equal(1, rig.Counters.Cancels);
        Assert.Equal("1, 2", (await rig.Predict(model, "count to 2").ToListAsync()).Text());
        Assert.Equal(1, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_fails_the_prediction_and_the_next_call_opens_another()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Granite);
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.ResetAfterTokens, Scope = "/llm/predict", Tokens = 2, Count = 1 });
        await Assert.ThrowsAsync<LmStudioConnectionException>(async () => await rig.Predict(model, "count to 900").ToListAsync());
        await Eventually.HoldsAsync(() => rig.Counters.OpenStreams == 0);
        Assert.Equal("1, 2", (await rig.Predict(model, "count to 2").ToListAsync()).Text());
        Assert.Equal(2, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task A_load_whose_connection_is_cut_is_told_from_one_that_was_never_sent()
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.ResetAfterTokens, Scope = "/llm/loadModel", Count = 1 });
        Assert.True((await Assert.ThrowsAsync<LmStudioConnectionException>(() => rig.LoadAsync(Rig.Granite))).UnderWay);
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });
        Assert.False((await Assert.ThrowsAsync<LmStudioConnectionException>(() => rig.LoadAsync(Rig.Granite))).UnderWay);
    }

    [Fact]
    public async Task A_frame_that_is_no_JSON_is_passed_over_and_reported()
    {
        var warnings = new List<LmStudioWarning>();
        await using var rig = await Rig.StartAsync(change: options => options with { OnWarning = warnings.Add });
        var model = await rig.LoadAsync(Rig.Granite);
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.MalformedEvent, Scope = "/llm/predict", Tokens = 2, Count = 1 });
        Assert.Equal("1, 2, 3, 4", (await rig.Predict(model, "count to 4").ToListAsync()).Text());
        Assert.Equal("llm", Assert.Single(warnings).Origin);
    }

    [Fact]
    public async Task An_engine_that_fails_in_the_middle_fails_the_prediction_alone()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Granite);
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = "/llm/predict", Tokens = 2, Count = 1, Message = "Compute error." });
        var events = new List<PredictionEvent>();
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(async () =>
        {
            await foreach (var step in rig.Predict(model, "count to 4")) events.Add(step);
        });
        Assert.Equal(("Compute error.", "1, 2"), (error.Message, events.Text()));
        Assert.Equal("1, 2", (await rig.Predict(model, "count to 2").ToListAsync()).Text());
        Assert.Equal((1, 0), (rig.Counters.WebSocketConnections, rig.Counters.OpenStreams));
    }

    [Theory]
    [InlineData(FaultKind.ResetBeforeHeaders, typeof(LmStudioConnectionException))]
    [InlineData(FaultKind.ErrorEvent, typeof(LmStudioRequestException))]
    public async Task A_call_that_is_broken_off_or_fails_is_a_typed_error(FaultKind fault, Type exception)
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = fault, Scope = "/system/version", Count = 1 });
        await Assert.ThrowsAsync(exception, () => rig.Client.System.GetVersionAsync());
        Assert.NotNull(await rig.Client.System.GetVersionAsync());
    }

    [Fact]
    public async Task A_failure_to_read_the_configuration_back_does_not_make_a_load_fail()
    {
        var warnings = new List<LmStudioWarning>();
        await using var rig = await Rig.StartAsync(change: options => options with { OnWarning = warnings.Add });
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.ErrorEvent, Scope = "/llm/getLoadConfig", Count = 1 });
        var loaded = await rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Granite, Configuration = new LoadConfiguration { ContextLength = 1024 } });
        Assert.Null(loaded.EffectiveConfiguration);
        Assert.Equal(Rig.Granite, Assert.Single(warnings).Origin);
    }
}
