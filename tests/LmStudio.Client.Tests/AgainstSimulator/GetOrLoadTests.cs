using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class GetOrLoadTests
{
    [Fact]
    public async Task A_model_that_is_not_loaded_is_loaded_on_demand_with_its_settings()
    {
        await using var rig = await Rig.StartAsync();
        var events = new EventList<LoadEvent>();
        var loaded = await rig.Client.Llm.GetOrLoadAsync(
            new GetOrLoadRequest { Identifier = Rig.Granite, TimeToLive = TimeSpan.FromMinutes(1), Configuration = new LoadConfiguration { ContextLength = 1024 } }, events);
        Assert.False(loaded.WasLoaded);
        Assert.Empty(loaded.NotApplied);
        Assert.Equal((Rig.Granite, 1024, TimeSpan.FromMinutes(1)), (loaded.Instance.Identifier, loaded.Instance.ContextLength, loaded.Instance.TimeToLive));
        Assert.Equal(Rig.Granite, Assert.IsType<LoadEvent.Started>(events.Items[0]).Identifier);
        Assert.True(events.Items.OfType<LoadEvent.Progressed>().Count() >= 5);
    }

    [Theory]
    [InlineData("mine")]
    [InlineData(Rig.Granite)]
    public async Task A_loaded_model_is_given_by_its_identifier_or_its_key_and_what_it_was_not_loaded_with_is_said(string name)
    {
        await using var rig = await Rig.StartAsync();
        var instance = await rig.LoadAsync(Rig.Granite, "mine");
        var events = new EventList<LoadEvent>();
        var got = await rig.Client.Llm.GetOrLoadAsync(
            new GetOrLoadRequest { Identifier = name, Configuration = new LoadConfiguration { ContextLength = 1024 } }, events);
        Assert.True(got.WasLoaded);
        Assert.Equal(instance.InstanceReference, got.Instance.InstanceReference);
        Assert.Equal("contextLength", Assert.Single(got.NotApplied).Name);
        Assert.Empty(events.Items);
        Assert.Equal(1, rig.Counters.LoadsStarted);
    }

    [Fact]
    public async Task Many_at_once_share_one_load()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(50) });
        var got = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => rig.Client.Llm.GetOrLoadAsync(new GetOrLoadRequest { Identifier = Rig.Granite })));
        Assert.Single(got, loaded => !loaded.WasLoaded);
        Assert.Single(got.Select(loaded => loaded.Instance.InstanceReference).Distinct());
        Assert.Equal(1, rig.Counters.LoadsStarted);
    }

    [Fact]
    public async Task An_earlier_model_on_demand_makes_room_and_is_named()
    {
        await using var rig = await Rig.StartAsync();
        await rig.LoadAsync(Rig.Vision);
        await rig.Client.Llm.GetOrLoadAsync(new GetOrLoadRequest { Identifier = Rig.Granite });
        var events = new EventList<LoadEvent>();
        await rig.Client.Llm.GetOrLoadAsync(new GetOrLoadRequest { Identifier = Rig.Qwen }, events);
        Assert.Equal(Rig.Granite, Assert.IsType<LoadEvent.UnloadingOther>(events.Items[0]).Other.Identifier);
        Assert.Equal([Rig.Vision, Rig.Qwen], (await rig.Client.Llm.ListLoadedAsync()).Select(instance => instance.Identifier));
    }

    [Fact]
    public async Task The_one_who_loads_may_leave_and_the_next_takes_over()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = Rig.Endless });
        using var leaving = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var request = new GetOrLoadRequest { Identifier = Rig.Granite };
        var leaver = rig.Client.Llm.GetOrLoadAsync(request, new AtFirst<LoadEvent>(step => step is LoadEvent.Progressed, begun.SetResult), leaving.Token);
        await begun.Task;
        var stayer = rig.Client.Llm.GetOrLoadAsync(request);
        rig.Studio.Change(_ => Rig.Quick);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        Assert.False((await stayer).WasLoaded);
        Assert.Equal((2, 1, 1), (rig.Counters.LoadsStarted, rig.Counters.LoadsCancelled, rig.Counters.LoadsCompleted));
    }

    [Fact]
    public async Task A_cancelled_load_on_demand_ends_in_LM_Studio()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = Rig.Endless });
        using var leaving = new CancellationTokenSource();
        var load = rig.Client.Embedding.GetOrLoadAsync(
            new GetOrLoadRequest { Identifier = Rig.Embedding }, new AtFirst<LoadEvent>(step => step is LoadEvent.Started, leaving.Cancel), leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        Assert.Equal(1, rig.Counters.LoadsCancelled);
        Assert.Empty(await rig.Client.Embedding.ListLoadedAsync());
    }

    [Theory]
    [InlineData("missing")]
    [InlineData(Rig.Embedding)]
    public async Task A_name_that_means_nothing_here_is_a_typed_error(string name)
    {
        await using var rig = await Rig.StartAsync();
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.GetOrLoadAsync(new GetOrLoadRequest { Identifier = name }));
        Assert.Equal("getOrLoad", error.Endpoint);
        Assert.Equal(name == "missing" ? "generic.pathNotFound" : "generic.domainMismatch", error.Details!.Code);
    }
}
