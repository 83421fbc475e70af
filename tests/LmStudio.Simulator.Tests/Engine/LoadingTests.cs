using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

public sealed class LoadingTests : IAsyncDisposable
{
    private readonly SimulatedLmStudio _studio = new(Rig.Quick);

    [Fact]
    public async Task A_load_reports_resolved_then_at_least_five_steps_then_the_instance()
    {
        var events = await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Identifier = "mine", Ttl = TimeSpan.FromMinutes(5) });
        Assert.Equal(Rig.Qwen, Assert.IsType<LoadEvent.Resolved>(events[0]).Model.Key);
        Assert.Equal("mine", Assert.IsType<LoadEvent.Starting>(events[1]).Identifier);
        var steps = events.OfType<LoadEvent.Progress>().Select(step => step.Value).ToList();
        Assert.True(steps.Count >= 5 && steps.SequenceEqual(steps.Order()) && steps[^1] >= 1);
        var instance = Assert.IsType<LoadEvent.Loaded>(events[^1]).Instance;
        Assert.Equal(("mine", "inst-1", TimeSpan.FromMinutes(5), 4096), (instance.Identifier, instance.InstanceReference, instance.Ttl, instance.ContextLength));
        Assert.Null(instance.LastUsedUnixMs);
    }

    [Fact]
    public async Task Names_are_the_key_then_numbered_and_a_freed_name_is_used_again()
    {
        for (var time = 0; time < 3; time++) await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen });
        Assert.Equal([Rig.Qwen, Rig.Qwen + ":2", Rig.Qwen + ":3"], _studio.Instances.Identifiers());
        _studio.Instances.Unload(Rig.Qwen + ":2");
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen });
        Assert.NotNull(_studio.Instances.ByIdentifier(Rig.Qwen + ":2"));
    }

    [Fact]
    public async Task A_taken_identifier_is_refused_after_resolved()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Identifier = "a" });
        var seen = new List<LoadEvent>();
        var refusal = await Assert.ThrowsAsync<EngineException>(async () =>
        {
            await foreach (var step in _studio.Loading.LoadAsync(new LoadRequest { ModelKey = Rig.Granite, Identifier = "a" }, TestContext.Current.CancellationToken)) seen.Add(step);
        });
        Assert.Equal((EngineErrorKind.IdentifierTaken, "Model load error: A model with the identifier \"a\" already exists."), (refusal.Error.Kind, refusal.Message));
        Assert.IsType<LoadEvent.Resolved>(Assert.Single(seen));
    }

    [Fact]
    public async Task An_identifier_is_taken_while_its_load_runs_and_free_after_a_cancel()
    {
        _studio.Change(settings => settings with { LoadTime = TimeSpan.FromMinutes(5) });
        using var cancel = new CancellationTokenSource();
        await using var slow = _studio.Loading.LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Identifier = "a" }, cancel.Token).GetAsyncEnumerator(cancel.Token);
        Assert.True(await slow.MoveNextAsync() && await slow.MoveNextAsync() && await slow.MoveNextAsync());
        await RefusedAsync(EngineErrorKind.IdentifierTaken, new LoadRequest { ModelKey = Rig.Granite, Identifier = "a" });
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await slow.MoveNextAsync());
        _studio.Change(settings => settings with { LoadTime = TimeSpan.Zero });
        await LoadAsync(new LoadRequest { ModelKey = Rig.Granite, Identifier = "a" });
        Assert.Equal((1, 1, 1), (_studio.Counters.Snapshot().LoadsCancelled, _studio.Counters.Snapshot().LoadsFailed, _studio.Counters.Snapshot().LoadsCompleted));
    }

    [Fact]
    public async Task Loads_under_way_take_their_place_in_memory()
    {
        _studio.Change(settings => settings with { LoadTime = TimeSpan.FromMinutes(5), MemoryModels = 1 });
        using var cancel = new CancellationTokenSource();
        await using var slow = _studio.Loading.LoadAsync(new LoadRequest { ModelKey = Rig.Qwen }, cancel.Token).GetAsyncEnumerator(cancel.Token);
        Assert.True(await slow.MoveNextAsync() && await slow.MoveNextAsync());
        Assert.False(_studio.Instances.HasRoom);
        await RefusedAsync(EngineErrorKind.InsufficientMemory, new LoadRequest { ModelKey = Rig.Granite });
    }

    [Fact]
    public async Task An_unknown_key_and_a_wrong_domain_are_refused_with_details()
    {
        var unknown = await RefusedAsync(EngineErrorKind.PathNotFound, new LoadRequest { ModelKey = "missing" });
        Assert.Equal(("Cannot find a model with path \"missing\"", 5), (unknown.Message, unknown.Sample.Count));
        var wrong = await RefusedAsync(EngineErrorKind.DomainMismatch, new LoadRequest { ModelKey = Rig.Embedding, Domain = ModelDomain.Llm });
        Assert.Equal(("Model has wrong domain", "nomic-ai/nomic-embed-text-v1.5-GGUF/nomic-embed-text-v1.5-Q4_K_M.gguf"), (wrong.Message, wrong.Subject));
        Assert.Equal((ModelDomain.Embedding, ModelDomain.Llm), (wrong.ActualDomain, wrong.ExpectedDomain));
    }

    [Fact]
    public async Task Get_or_load_answers_what_is_loaded_by_identifier_or_by_key()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Identifier = "mine" });
        foreach (var name in new[] { "mine", Rig.Qwen, Rig.Qwen + "@q4_k_m", "Qwen/Qwen3-4B-2507" })
            Assert.Equal("mine", Assert.IsType<LoadEvent.AlreadyLoaded>(Assert.Single(await GetAsync(name))).Instance.Identifier);
    }

    [Fact]
    public async Task Get_or_load_evicts_only_what_was_loaded_on_demand()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Vision });
        await GetAsync(Rig.Granite);
        var events = await GetAsync(Rig.Qwen);
        Assert.Equal(Rig.Granite, Assert.IsType<LoadEvent.UnloadingOther>(events[0]).Instance.Identifier);
        Assert.IsType<LoadEvent.Starting>(events[1]);
        Assert.Equal([Rig.Vision, Rig.Qwen], _studio.Instances.Identifiers());
        Assert.Equal(_studio.Settings.JitTtl, _studio.Instances.ByIdentifier(Rig.Qwen)!.Ttl);
    }

    [Fact]
    public async Task A_time_to_live_of_ages_is_taken()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Ttl = TimeSpan.FromSeconds(int.MaxValue) });
        Assert.Equal(int.MaxValue, _studio.Instances.All[0].Ttl?.TotalSeconds);
    }

    [Fact]
    public async Task References_are_valid_until_their_instance_goes()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen });
        Assert.Equal(Rig.Qwen, _studio.Instances.ByReference("inst-1", ModelDomain.Llm).Identifier);
        Assert.Throws<EngineException>(() => _studio.Instances.ByReference("inst-1", ModelDomain.Embedding));
        _studio.Instances.Unload(Rig.Qwen);
        Assert.Equal(EngineErrorKind.SpecificModelUnloaded, Assert.Throws<EngineException>(() => _studio.Instances.ByReference("inst-1", ModelDomain.Llm)).Error.Kind);
        Assert.Equal(EngineErrorKind.IdentifierNotFound, Assert.Throws<EngineException>(() => _studio.Instances.Unload(Rig.Qwen)).Error.Kind);
        Assert.Equal(EngineErrorKind.NoModelMatchingQuery, Assert.Throws<EngineException>(() => _studio.Instances.Require(new InstanceQuery { Domain = ModelDomain.Llm })).Error.Kind);
    }

    [Fact]
    public async Task The_configuration_read_back_is_what_was_applied()
    {
        var sent = KvConfig.FromStack(JsonElement.Parse("""
            {"layers":[
              {"layerName":"userModelDefault","config":{"fields":[{"key":"llm.load.contextLength","value":1000},{"key":"llm.load.llama.flashAttention","value":false}]}},
              {"layerName":"apiOverride","config":{"fields":[
                {"key":"llm.load.llama.autoFit","value":false},{"key":"llm.load.contextLength","value":8192},{"key":"llm.load.llama.acceleration.offloadRatio","value":"max"},
                {"key":"llm.load.numParallelSessions","value":2},{"key":"llm.load.llama.evalBatchSize","value":"many"},{"key":"no.such.key","value":1}]}}]}
            """));
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Config = sent });
        var instance = _studio.Instances.All[0];
        Assert.Equal((8192, 2), (instance.ContextLength, instance.Parallel));
        var config = instance.LoadConfig;
        Assert.Equal((1, false, 512), (config.Int(LoadConfigSchema.OffloadRatio), config.Bool("llm.load.llama.flashAttention"), config.Int("llm.load.llama.evalBatchSize")));
        Assert.Null(config["no.such.key"]);
        Assert.Equal("4", config["llm.load.llama.cpuThreadPoolSize"]?.GetRawText());
    }

    [Fact]
    public async Task With_automatic_fitting_context_and_offload_are_not_honoured()
    {
        var sent = KvConfig.Empty.With(LoadConfigSchema.LlmContextLength, "8192").With(LoadConfigSchema.OffloadRatio, "0.5").With("llm.load.llama.tryMmap", "false");
        await LoadAsync(new LoadRequest { ModelKey = Rig.Qwen, Config = sent });
        var config = _studio.Instances.All[0].LoadConfig;
        Assert.Equal((4096, 1, false), (config.Int(LoadConfigSchema.LlmContextLength), config.Int(LoadConfigSchema.OffloadRatio), config.Bool("llm.load.llama.tryMmap")));
    }

    [Fact]
    public async Task An_embedding_model_has_its_own_keys()
    {
        await LoadAsync(new LoadRequest { ModelKey = Rig.Embedding, Config = KvConfig.Empty.With(LoadConfigSchema.EmbeddingContextLength, "512").With(LoadConfigSchema.LlmContextLength, "99") });
        Assert.Equal(512, _studio.Instances.All[0].ContextLength);
        Assert.Null(_studio.Instances.All[0].LoadConfig[LoadConfigSchema.LlmContextLength]);
    }

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    private async Task<List<LoadEvent>> LoadAsync(LoadRequest request)
    {
        var events = new List<LoadEvent>();
        await foreach (var step in _studio.Loading.LoadAsync(request, TestContext.Current.CancellationToken)) events.Add(step);
        return events;
    }

    private async Task<List<LoadEvent>> GetAsync(string name)
    {
        var events = new List<LoadEvent>();
        await foreach (var step in _studio.Loading.GetOrLoadAsync(new LoadRequest { ModelKey = name, Domain = ModelDomain.Llm }, TestContext.Current.CancellationToken)) events.Add(step);
        return events;
    }

    private async Task<EngineError> RefusedAsync(EngineErrorKind kind, LoadRequest request)
    {
        var refusal = await Assert.ThrowsAsync<EngineException>(() => LoadAsync(request));
        Assert.Equal(kind, refusal.Error.Kind);
        return refusal.Error;
    }
}
