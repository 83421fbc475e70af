using System.Text.Json;
using LmGateway.Backends;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Reload;

/// <summary>Backends come and go while the service runs.</summary>
public sealed class BackendReloadTests
{
    private const string Long = "count to 400";

    [Fact]
    public async Task New_requests_go_to_the_new_backend_and_a_running_stream_ends_on_the_old_one_which_is_let_go_then()
    {
        await using var gateway = await ReloadableGateway.StartAsync("lmstudio: {base_url: FIRST}", options => options with { TokensPerSecond = 100 });
        using var request = GatewayUnderTest.Request(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, Long, "\"stream\":true"));
        using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var stream = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await stream.ReadLineAsync(TestContext.Current.CancellationToken);

        var outcome = await gateway.ReloadAsync("lmstudio: {base_url: SECOND}");
        Assert.Equal(["lmstudio.base_url"], outcome.Changed);
        Assert.Equal(200, (await gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 2"))).Status);
        Assert.Equal(1, gateway.Second.State.Counters.Snapshot().LoadsStarted);
        Assert.Equal(1, gateway.First.State.Counters.OpenStreams);

        var rest = await stream.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        Assert.Contains("400", rest, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => gateway.First.State.Counters.Snapshot().OpenWebSockets == 0, "the connections to the old backend are closed");
    }

    [Fact]
    public async Task Backends_are_added_and_taken_away_and_those_that_stay_keep_their_connections()
    {
        await using var gateway = await ReloadableGateway.StartAsync("backends: ['a=lmstudio@FIRST']");
        Assert.Equal(200, (await gateway.ChatAsync()).Status);
        var kept = gateway.Services.GetRequiredService<BackendSet>().Current[0];

        await gateway.ReloadAsync("backends: ['a=lmstudio@FIRST', 'b=lmstudio@SECOND']");
        Assert.Same(kept, gateway.Services.GetRequiredService<BackendSet>().Current[0]);
        Assert.Equal(["a", "b"], await BackendsAsync(gateway));
        Assert.Equal(200, (await gateway.ChatAsync($"b/{GatewayUnderTest.Chat}")).Status);

        await gateway.ReloadAsync("backends: ['b=lmstudio@SECOND']");
        Assert.Equal(["b"], await BackendsAsync(gateway));
        Assert.Equal(200, (await gateway.ChatAsync()).Status);
        Assert.Equal(404, (await gateway.ChatAsync($"a/{GatewayUnderTest.Chat}")).Status);
        await Eventually.TrueAsync(() => gateway.First.State.Counters.Snapshot().OpenWebSockets == 0, "the connections to the one that is gone are closed");
    }

    [Fact]
    public async Task A_request_that_waits_for_a_backend_that_is_taken_away_is_still_answered()
    {
        await using var gateway = await ReloadableGateway.StartAsync("lmstudio: {base_url: FIRST}\nscheduling: {on_demand: {load_config: {parallel: 1}}}", options => options with { TokensPerSecond = 200 });
        var asked = Enumerable.Range(0, 4).Select(_ => gateway.PostAsync(InferenceApi.Chat, GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50"))).ToList();
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<LmGateway.Scheduling.Scheduler>().View().Waiting.Sum(model => model.Requests) > 0, "some wait");
        await gateway.ReloadAsync("backends: ['other=lmstudio@SECOND']\nscheduling: {on_demand: {load_config: {parallel: 1}}}");
        Assert.All(await Task.WhenAll(asked), answer => Assert.Equal(200, answer.Status));
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<LmGateway.Scheduling.Scheduler>().View().Instances.All(instance => instance.Id.Backend == "other"), "nothing is known of the old one any more");
    }

    private static async Task<IEnumerable<string?>> BackendsAsync(ReloadableGateway gateway) =>
        JsonElement.Parse((await gateway.GetAsync("/health")).Body).GetProperty("backends").EnumerateArray().Select(backend => backend.GetProperty("name").GetString()).ToList();
}
