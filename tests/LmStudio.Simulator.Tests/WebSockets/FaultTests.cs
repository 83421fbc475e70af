using System.Net.WebSockets;
using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class FaultTests
{
    [Fact]
    public async Task Upgrades_can_be_refused_while_http_answers()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.WebsocketRefused });
        await Assert.ThrowsAsync<WebSocketException>(() => simulator.OpenAsync("/llm"));
        using var http = new HttpClient();
        Assert.Contains(RunningSimulator.Llm, await http.GetStringAsync(new Uri($"http://127.0.0.1:{simulator.Port}/v1/models"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        simulator.Studio.Faults.Clear();
        await using var client = await simulator.ConnectAsync("/llm");
        Assert.Equal(0, simulator.Studio.Counters.Snapshot().WebSocketConnections - 1);
    }

    [Fact]
    public async Task A_stalled_call_is_never_answered_and_others_are()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/system/version", Count = 1 });
        await using var client = await simulator.ConnectAsync("/system");
        await client.SendAsync("""{"type":"rpcCall","endpoint":"version","callId":50}""");
        await client.SendAsync("""{"type":"rpcCall","endpoint":"version","callId":51}""");
        Assert.Equal(51, (await client.ReceiveAsync())["callId"]!.GetValue<int>());
        Assert.Equal("keepAliveAck", await KeepAliveAsync(client));
    }

    [Fact]
    public async Task A_connection_can_be_reset_when_a_call_arrives()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.ResetBeforeHeaders, Scope = "/system", Count = 1 });
        await using var client = await simulator.ConnectAsync("/system");
        await Assert.ThrowsAsync<WebSocketException>(() => client.CallAsync("version"));
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.Snapshot().OpenWebSockets == 0);
    }

    [Fact]
    public async Task A_prediction_can_be_reset_after_some_tokens()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await PredictingAsync(simulator, new Fault { Kind = FaultKind.ResetAfterTokens, Scope = "/llm/predict", Tokens = 3, Count = 1 });
        Assert.Equal(3, await FragmentsBeforeTheEndAsync(client));
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.OpenStreams == 0);
    }

    [Fact]
    public async Task A_prediction_can_stall_until_the_client_goes()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await PredictingAsync(simulator, new Fault { Kind = FaultKind.Stall, Scope = "/llm/predict", Tokens = 2, Count = 1 });
        await client.ReadToAsync("fragment");
        await client.ReadToAsync("fragment");
        Assert.Equal("keepAliveAck", await KeepAliveAsync(client));
        Assert.Equal(1, simulator.Studio.Counters.OpenStreams);
        client.Abort();
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.OpenStreams == 0);
    }

    [Fact]
    public async Task A_prediction_can_fail_after_some_tokens()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await PredictingAsync(simulator, new Fault { Kind = FaultKind.ErrorEvent, Scope = "/llm/predict", Tokens = 1, Count = 1, Message = "The engine crashed." });
        var frames = await client.ReadToEndAsync();
        Assert.Equal("The engine crashed.", frames[^1]["error"]!.Text("title"));
        Assert.Single(frames, frame => frame["message"]?["fragment"] is not null);
        Assert.Equal(0, simulator.Studio.Counters.OpenStreams);
    }

    [Fact]
    public async Task Text_that_is_no_frame_can_come_between_frames()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await PredictingAsync(simulator, new Fault { Kind = FaultKind.MalformedEvent, Scope = "/llm/predict", Tokens = 1, Count = 1 });
        await client.ReadToAsync("fragment");
        await Assert.ThrowsAnyAsync<JsonException>(client.ReceiveAsync);
        Assert.Equal("channelClose", (await client.ReadToEndAsync())[^1].Text("type"));
    }

    [Fact]
    public async Task A_load_can_fail_in_the_engine()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Scope = RunningSimulator.Llm, Count = 1, Message = "llama.cpp says no." });
        await using var client = await simulator.ConnectAsync("/llm");
        await client.CreateAsync("loadModel", Parameters.Load(RunningSimulator.Llm));
        var error = (await client.ReadToEndAsync())[^1]["error"]!;
        Assert.Equal(("Error loading model.", "llama.cpp says no."), (error.Text("title"), error.Text("cause")));
    }

    private static async Task<FrameClient> PredictingAsync(RunningSimulator simulator, Fault fault)
    {
        var client = await simulator.ConnectAsync("/llm");
        var reference = (await client.LoadAsync(RunningSimulator.Llm)).Text("instanceReference");
        simulator.Studio.Faults.Add(fault);
        await client.CreateAsync("predict", Parameters.Predict(reference, "count to 9"));
        return client;
    }

    private static async Task<int> FragmentsBeforeTheEndAsync(FrameClient client)
    {
        var fragments = 0;
        try
        {
            while (true)
                if ((await client.ReceiveAsync())["message"]?["fragment"] is not null) fragments++;
        }
        catch (WebSocketException)
        {
            return fragments;
        }
    }

    private static async Task<string> KeepAliveAsync(FrameClient client)
    {
        await client.SendAsync("""{"type":"keepAlive"}""");
        return (await client.ReceiveAsync()).Text("type");
    }
}
