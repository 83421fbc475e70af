using System.Text.Json.Nodes;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.WebSockets;

public sealed class LoadingTests
{
    private static readonly SimulatorOptions Slow = RunningSimulator.Fast with { LoadTime = TimeSpan.FromSeconds(20) };

    [Fact]
    public async Task A_load_resolves_reports_at_least_five_times_and_succeeds()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/llm");
        await client.CreateAsync("loadModel", Parameters.Load(RunningSimulator.Llm, ""","identifier":"mine","ttlMs":60000"""));
        var frames = await client.ReadToEndAsync();
        var messages = frames.SkipLast(1).Select(frame => frame["message"]!).ToList();
        Assert.Equal("resolved", messages[0].Text("type"));
        Assert.Equal("success", messages[^1].Text("type"));
        var progress = messages.Skip(1).SkipLast(1).Select(message => message["progress"]!.GetValue<double>()).ToList();
        Assert.True(progress.Count >= 5);
        Assert.Equal(progress.Order(), progress);
        Assert.Equal(("mine", 60000), (messages[^1]["info"]!.Text("identifier"), messages[^1]["info"]!["ttlMs"]!.GetValue<int>()));
        Assert.Equal("channelClose", frames[^1].Text("type"));
    }

    [Fact]
    public async Task A_cancelled_load_ends_with_an_error_and_frees_its_name()
    {
        await using var simulator = await RunningSimulator.StartAsync(Slow);
        await using var client = await simulator.ConnectAsync("/llm");
        var channel = await client.CreateAsync("loadModel", Parameters.Load(RunningSimulator.Llm));
        await client.ReadToAsync("progress");
        await client.SendToChannelAsync(channel, """{"type":"cancel"}""");
        var end = (await client.ReadToEndAsync())[^1];
        Assert.Equal(("channelError", "Operation canceled."), (end.Text("type"), end["error"]!.Text("title")));
        Assert.Equal(1, simulator.Studio.Counters.Snapshot().LoadsCancelled);
        simulator.Studio.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        Assert.Equal(RunningSimulator.Llm, (await client.LoadAsync(RunningSimulator.Llm)).Text("identifier"));
    }

    [Fact]
    public async Task A_cancelled_get_or_load_ends_with_an_error()
    {
        await using var simulator = await RunningSimulator.StartAsync(Slow);
        await using var client = await simulator.ConnectAsync("/llm");
        var channel = await client.CreateAsync("getOrLoad", Parameters.GetOrLoad(RunningSimulator.Llm));
        await client.ReadToAsync("loadProgress");
        await client.SendToChannelAsync(channel, """{"type":"cancel"}""");
        Assert.Equal("Operation canceled.", (await client.ReadToEndAsync())[^1]["error"]!.Text("title"));
        Assert.Equal(1, simulator.Studio.Counters.Snapshot().LoadsCancelled);
    }

    [Fact]
    public async Task A_client_that_vanishes_ends_its_load()
    {
        await using var simulator = await RunningSimulator.StartAsync(Slow);
        await using var client = await simulator.ConnectAsync("/llm");
        await client.CreateAsync("loadModel", Parameters.Load(RunningSimulator.Llm));
        await client.ReadToAsync("progress");
        client.Abort();
        await Rig.EventuallyAsync(() => simulator.Studio.Counters.Snapshot() is { LoadsCancelled: 1, OpenWebSockets: 0 });
    }

    [Fact]
    public async Task Get_or_load_loads_once_then_finds_it_and_evicts_what_was_loaded_on_demand_before()
    {
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { ExtraModels = ["acme/tiny"] });
        await using var client = await simulator.ConnectAsync("/llm");
        Assert.Equal(["startLoading", "loadProgress", "loadSuccess"], await GetOrLoadAsync(client, RunningSimulator.Llm));
        Assert.Equal(["alreadyLoaded"], await GetOrLoadAsync(client, RunningSimulator.Llm));
        Assert.Equal(["unloadingOtherJITModel", "startLoading", "loadProgress", "loadSuccess"], await GetOrLoadAsync(client, "acme/tiny"));
        var loaded = (await client.CallAsync("listLoaded"))["result"]!.AsArray();
        Assert.Equal(("acme/tiny", 3_600_000), (loaded.Single()!.Text("identifier"), loaded[0]!["ttlMs"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_load_that_does_not_fit_fails_in_the_guardrails_words()
    {
        await using var simulator = await RunningSimulator.StartAsync(RunningSimulator.Fast with { MemoryModels = 1 });
        await using var client = await simulator.ConnectAsync("/llm");
        await client.LoadAsync(RunningSimulator.Llm);
        var estimate = await client.CallAsync("estimateModelUsage", $$"""{"modelKey":"{{RunningSimulator.Llm}}","loadConfigStack":{{Parameters.NoConfig}}}""");
        Assert.False(estimate["result"]!["passesGuardrails"]!.GetValue<bool>());
        await client.CreateAsync("loadModel", Parameters.Load(RunningSimulator.Llm));
        var error = (await client.ReadToEndAsync())[^1]["error"]!;
        Assert.Equal("Error loading model.", error.Text("title"));
        Assert.Contains("insufficient system resources", error.Text("cause"), StringComparison.Ordinal);
        Assert.Null(error["displayData"]);
    }

    [Fact]
    public async Task The_effective_configuration_is_read_back()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/llm");
        var fields = """[{"key":"llm.load.llama.autoFit","value":false},{"key":"llm.load.llama.acceleration.offloadRatio","value":"max"},{"key":"llm.load.contextLength","value":1234},{"key":"no.such.key","value":1}]""";
        await client.CreateAsync("loadModel", $$"""{"modelKey":"{{RunningSimulator.Llm}}","loadConfigStack":{{Parameters.Stack(fields)}}}""");
        var instance = (await client.ReadToEndAsync())[^2]["message"]!["info"]!;
        Assert.Equal(1234, instance["contextLength"]!.GetValue<int>());
        var reply = await client.CallAsync("getLoadConfig", $$"""{"specifier":{{Parameters.Reference(instance.Text("instanceReference"))}}}""");
        var config = KvConfig.FromConfig(System.Text.Json.JsonElement.Parse(reply["result"]!.ToJsonString()));
        Assert.Equal((1, 1234, null), (config.Int(LoadConfigSchema.OffloadRatio), config.Int(LoadConfigSchema.LlmContextLength), config["no.such.key"]));
    }

    [Fact]
    public async Task Instances_are_found_by_query_within_their_own_domain()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var llm = await simulator.ConnectAsync("/llm");
        await using var embedding = await simulator.ConnectAsync("/embedding");
        await llm.LoadAsync(RunningSimulator.Llm, ""","identifier":"mine" """);
        foreach (var query in (string[])["{}", """{"identifier":"mine"}""", $$"""{"path":"{{RunningSimulator.Llm}}"}""", """{"domain":"llm","vision":false,"deviceIdentifier":null}"""])
            Assert.Equal("mine", (await FindAsync(llm, query))["result"]!.Text("identifier"));
        var missing = (await FindAsync(llm, """{"identifier":"x"}"""))["error"]!["displayData"]!;
        Assert.Equal("""{"code":"generic.noModelMatchingQuery","query":{"identifier":"x","domain":"llm"},"loadedModelsSample":["mine"],"totalLoadedModels":1}""", missing.ToJsonString());
        Assert.Equal("""{"code":"generic.noModelMatchingQuery","query":{"domain":"embedding"},"loadedModelsSample":[],"totalLoadedModels":0}""", (await FindAsync(embedding, "{}"))["error"]!["displayData"]!.ToJsonString());
        Assert.Equal("rpcError", (await embedding.CallAsync("unloadModel", """{"identifier":"mine"}""")).Text("type"));
    }

    [Fact]
    public async Task A_reference_to_an_unloaded_instance_is_refused_as_such()
    {
        await using var simulator = await RunningSimulator.StartAsync();
        await using var client = await simulator.ConnectAsync("/llm");
        var reference = (await client.LoadAsync(RunningSimulator.Llm)).Text("instanceReference");
        Assert.Equal("""{"type":"rpcResult","callId":1}""", (await client.CallAsync("unloadModel", $$"""{"identifier":"{{RunningSimulator.Llm}}"}""")).ToJsonString());
        var specifier = $$"""{"specifier":{{Parameters.Reference(reference)}}}""";
        foreach (var (endpoint, parameter) in ((string, string)[])[("getLoadConfig", specifier), ("tokenize", specifier[..^1] + ",\"inputString\":\"x\"}")])
            Assert.Equal("""{"code":"generic.specificModelUnloaded"}""", (await client.CallAsync(endpoint, parameter))["error"]!["displayData"]!.ToJsonString());
        await client.CreateAsync("predict", Parameters.Predict(reference, "hello"));
        Assert.Equal("""{"code":"generic.specificModelUnloaded"}""", (await client.ReadToEndAsync()).Single()["error"]!["displayData"]!.ToJsonString());
    }

    private static Task<JsonNode> FindAsync(FrameClient client, string query) => client.CallAsync("getModelInfo", $$"""{"specifier":{{Parameters.Query(query)}},"throwIfNotFound":true}""");

    private static async Task<List<string>> GetOrLoadAsync(FrameClient client, string key)
    {
        await client.CreateAsync("getOrLoad", Parameters.GetOrLoad(key));
        return [.. (await client.ReadToEndAsync()).SkipLast(1).Select(frame => frame["message"]!.Text("type")).Distinct()];
    }
}
