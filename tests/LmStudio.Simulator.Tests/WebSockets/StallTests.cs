using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

/// <summary>A channel that stalls is silent, but not deaf.</summary>
public sealed class StallTests
{
    [Fact]
    public async Task A_stalled_prediction_that_is_cancelled_ends_as_stopped_by_the_user()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await simulator.Studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = RunningSimulator.Llm }, TestContext.Current.CancellationToken);
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/llm/predict", Tokens = 2, Count = 1 });
        await using var client = await simulator.ConnectAsync("/llm");
        var id = await client.CreateAsync("predict", """
            {"modelSpecifier":{"type":"query","query":{}},"history":{"messages":[{"role":"user","content":[{"type":"text","text":"count to 9"}]}]},"predictionConfigStack":{"layers":[]}}
            """);
        await client.ReadToAsync("fragment");
        await client.ReadToAsync("fragment");
        await client.SendToChannelAsync(id, """{"type":"cancel"}""");
        Assert.Equal("userStopped", (await client.ReadToAsync("success"))["stats"]!["stopReason"]!.GetValue<string>());
        Assert.Equal("channelClose", (await client.ReceiveAsync())["type"]!.GetValue<string>());
        Assert.Equal((0, 1), (simulator.Studio.Counters.OpenStreams, simulator.Studio.Counters.Cancels));
    }

    [Fact]
    public async Task A_stalled_load_that_is_cancelled_leaves_no_instance()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        simulator.Studio.Faults.Add(new Fault { Kind = FaultKind.Stall, Scope = "/llm/loadModel", Tokens = 1, Count = 1 });
        await using var client = await simulator.ConnectAsync("/llm");
        var id = await client.CreateAsync("loadModel", $$$"""{"modelKey":"{{{RunningSimulator.Llm}}}","loadConfigStack":{"layers":[]}}""");
        await client.ReadToAsync("progress");
        await client.SendToChannelAsync(id, """{"type":"cancel"}""");
        Assert.Equal("Operation canceled.", (await client.ReadToEndAsync())[^1]["error"]!["title"]!.GetValue<string>());
        Assert.Empty(simulator.Studio.Instances.All);
        Assert.Equal(1, simulator.Studio.Counters.Snapshot().LoadsCancelled);
    }
}
