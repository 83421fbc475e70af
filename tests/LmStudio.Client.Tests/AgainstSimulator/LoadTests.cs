using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;
using LoadEvent = LmStudio.Client.Wire.LoadEvent;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class LoadTests
{
    /// <summary>Every setting there is, each with a value that is not its default.</summary>
    private static readonly LoadConfiguration Everything = new()
    {
        ContextLength = 8192,
        AutoFit = false,
        AutoFitMinContextLength = 1024,
        GpuOffloadRatio = 0.5,
        GpuSplit = new GpuSplit { Strategy = "custom", DisabledGpus = [2], Priority = [1, 0], CustomRatio = [0.25, 0.75] },
        GpuStrictVramCap = true,
        CpuExpertLayersRatio = 0.25,
        NumParallelSessions = 2,
        UseUnifiedKvCache = false,
        OffloadKvCacheToGpu = false,
        RopeFrequencyBase = 10000,
        RopeFrequencyScale = 0.5,
        EvalBatchSize = 256,
        PhysicalBatchSize = 128,
        FlashAttention = false,
        KeepModelInMemory = false,
        Seed = 42,
        UseFp16ForKvCache = false,
        TryMmap = false,
        TryDirectIO = true,
        NumExperts = 8,
        KCacheQuantizationType = "q8_0",
        VCacheQuantizationType = "q4_0",
        CpuThreadPoolSize = 6,
        ContextCheckpoints = 16,
        ReasoningBudgetMessage = "enough",
        JinjaPromptTemplate = "{{ messages }}",
        ArgumentsOverride = new ArgumentsOverride { DisabledParameters = ["--a"], OverrideParameters = new Dictionary<string, string> { ["--b"] = "1" } },
        SpeculativeDecoding = new LoadSpeculativeDecoding
        {
            DraftMtp = true,
            DraftSimple = true,
            DraftDflashSidecar = true,
            DraftDsparkSidecar = true,
            DraftMtpSidecar = true,
            DraftModel = "draft",
            DraftMaxTokens = 5,
            DraftMinTokens = 1,
            DraftMinContinueProbability = 0.5,
        },
        MlxDiskCache = false,
        MlxKvCacheQuantization = new MlxKvCacheQuantization { Bits = 4, GroupSize = 32, QuantizedStart = 100 },
        VllmGpuMemoryUtilization = 0.5,
        VllmReasoningParser = "r",
        VllmToolCallParser = "t",
        HsaOverrideGfxVersion = "11.0.0",
    };

    [Fact]
    public async Task A_load_with_every_setting_is_read_back_and_found_applied()
    {
        Assert.All(typeof(LoadConfiguration).GetProperties(), property => Assert.NotNull(property.GetValue(Everything)));
        Assert.All(typeof(LoadSpeculativeDecoding).GetProperties(), property => Assert.NotNull(property.GetValue(Everything.SpeculativeDecoding)));
        await using var rig = await Rig.StartAsync();
        var loaded = await rig.Client.Llm.LoadModelAsync(new LoadModelRequest
        {
            ModelKey = Rig.Qwen, Identifier = "mine", TimeToLive = TimeSpan.FromMinutes(5), Configuration = Everything,
        });

        Assert.Equal(("mine", 8192, TimeSpan.FromMinutes(5), false), (loaded.Instance.Identifier, loaded.Instance.ContextLength, loaded.Instance.TimeToLive, loaded.WasLoaded));
        Assert.Empty(loaded.NotApplied);
        var effective = await rig.Client.Llm.GetLoadConfigAsync(loaded.Instance);
        foreach (var field in new LoadPlan(Everything, forEmbedding: false).Config.Fields)
            Assert.True(effective.Find(field.Key) is { } value && KvComparison.Same(field.Value, value), $"{field.Key}: {effective.Find(field.Key)}");
        Assert.Equal(2, rig.Studio.Instances.ByIdentifier("mine")!.Parallel);
    }

    [Fact]
    public async Task Settings_that_were_overruled_or_that_the_kind_of_model_lacks_are_reported()
    {
        await using var rig = await Rig.StartAsync();
        var fitted = await rig.Client.Llm.LoadModelAsync(new LoadModelRequest
        {
            ModelKey = Rig.Granite, Configuration = new LoadConfiguration { NumParallelSessions = 4, Seed = Checkable.Off(7L), NumExperts = 2, CpuThreadPoolSize = 5 },
        });
        Assert.Empty(fitted.NotApplied);

        var embedding = await rig.Client.Embedding.LoadModelAsync(new LoadModelRequest
        {
            ModelKey = Rig.Embedding, Configuration = new LoadConfiguration { ContextLength = 512, GpuOffloadRatio = 0.5, FlashAttention = true, NumParallelSessions = 2 },
        });
        Assert.Equal(512, embedding.Instance.ContextLength);
        Assert.Equal(["numParallelSessions", "flashAttention"], embedding.NotApplied.Select(missing => missing.Name));
        Assert.All(embedding.NotApplied, missing => Assert.Null(missing.Key));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Max_and_off_are_read_back_as_numbers_and_count_as_applied(bool max, double share)
    {
        await using var rig = await Rig.StartAsync();
        var configuration = new LoadConfiguration { GpuOffloadRatio = max ? OffloadRatio.Max : OffloadRatio.Off };
        var loaded = await rig.Client.Llm.LoadModelAsync(new LoadModelRequest { ModelKey = Rig.Granite, Configuration = configuration });
        Assert.Empty(loaded.NotApplied);
        Assert.Equal(share, loaded.EffectiveConfiguration!.Find("llm.load.llama.acceleration.offloadRatio")!.Value.GetDouble());
    }

    [Fact]
    public async Task Progress_is_reported_in_at_least_five_rising_steps_after_the_model_is_resolved()
    {
        await using var rig = await Rig.StartAsync();
        var events = new EventList<LoadEvent>();
        await rig.Client.Llm.LoadModelAsync(new LoadModelRequest { ModelKey = Rig.Qwen }, events);
        var resolved = Assert.IsType<LoadEvent.Resolved>(events.Items[0]);
        Assert.Equal(Rig.Qwen, resolved.Model.ModelKey);
        Assert.Empty(resolved.Ambiguous);
        var steps = events.Items.Skip(1).Select(step => Assert.IsType<LoadEvent.Progressed>(step).Fraction).ToList();
        Assert.True(steps.Count >= 5, $"{steps.Count} steps");
        Assert.Equal(steps.Order().Distinct(), steps);
        Assert.Equal((0, 1), (steps[0], steps[^1]));
    }

    [Fact]
    public async Task An_unknown_key_is_path_not_found_with_the_keys_there_are()
    {
        var details = Assert.IsType<LmStudioErrorDetails.PathNotFound>((await FailAsync(Rig.Quick, "missing")).Details);
        Assert.Equal(("missing", 5), (details.Path, details.TotalModels));
        Assert.Contains(Rig.Granite, details.AvailablePathsSample);
    }

    [Fact]
    public async Task A_model_of_the_other_kind_is_a_domain_mismatch()
    {
        var details = Assert.IsType<LmStudioErrorDetails.DomainMismatch>((await FailAsync(Rig.Quick, Rig.Embedding)).Details);
        Assert.Equal(("embedding", "llm"), (details.ActualDomain, details.ExpectedDomain));
    }

    [Fact]
    public async Task Memory_that_runs_out_is_said_in_the_guardrails_words()
    {
        var error = await FailAsync(Rig.Quick with { MemoryModels = 0 }, Rig.Granite);
        Assert.Null(error.Details);
        Assert.StartsWith("Error loading model. Model loading was stopped due to insufficient system resources.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_fails_is_a_request_exception_and_the_next_load_works()
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.LoadFailed, Count = 1, Message = "bad magic" });
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.LoadAsync(Rig.Granite));
        Assert.Equal(("loadModel", "Error loading model. bad magic"), (error.Endpoint, error.Message));
        Assert.Equal(Rig.Granite, (await rig.LoadAsync(Rig.Granite)).Identifier);
    }

    [Fact]
    public async Task An_identifier_that_is_taken_is_refused_and_the_instance_that_has_it_stays()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.LoadAsync(Rig.Granite, "mine");
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.LoadAsync(Rig.Granite, "mine"));
        Assert.Contains("already exists", error.Message, StringComparison.Ordinal);
        Assert.Equal(first.InstanceReference, Assert.Single(await rig.Client.Llm.ListLoadedAsync()).InstanceReference);
    }

    [Fact]
    public async Task A_cancelled_load_ends_in_LM_Studio_and_leaves_no_instance_and_its_name_free()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = Rig.Endless });
        using var leaving = new CancellationTokenSource();
        var load = rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Granite, Identifier = "mine" },
            new AtFirst<LoadEvent>(step => step is LoadEvent.Progressed, leaving.Cancel), leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => load);
        Assert.Equal((1, 0), (rig.Counters.LoadsCancelled, rig.Counters.LoadsCompleted));
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());

        rig.Studio.Change(_ => Rig.Quick);
        Assert.Equal("mine", (await rig.LoadAsync(Rig.Granite, "mine")).Identifier);
        Assert.Equal(1, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task A_client_that_goes_away_during_a_load_ends_it()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = Rig.Endless });
        var begun = new TaskCompletionSource();
        var load = rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Granite }, new AtFirst<LoadEvent>(step => step is LoadEvent.Progressed, begun.SetResult));
        await begun.Task;
        await rig.Client.DisposeAsync();
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => load);
        await Eventually.HoldsAsync(() => rig.Counters.LoadsCancelled == 1);
    }

    [Fact]
    public async Task What_a_load_would_take_is_estimated_without_loading()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { MemoryModels = 1 });
        var small = await rig.Client.Llm.EstimateModelUsageAsync(Rig.Granite, new LoadConfiguration { ContextLength = 1024, GpuOffloadRatio = OffloadRatio.Off });
        var large = await rig.Client.Llm.EstimateModelUsageAsync(Rig.Granite, new LoadConfiguration { ContextLength = 4096 });
        Assert.True(small.PassesGuardrails);
        Assert.Equal(("high", 0, 1_600_000_000), (small.Memory.Confidence, small.Memory.TotalVramBytes, small.Memory.ModelBytes));
        Assert.True(large.Memory.ContextBytes > small.Memory.ContextBytes && large.Memory.TotalVramBytes > 0);
        Assert.Equal(0, rig.Counters.LoadsStarted);

        await rig.LoadAsync(Rig.Qwen);
        Assert.False((await rig.Client.Llm.EstimateModelUsageAsync(Rig.Granite)).PassesGuardrails);
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.EstimateModelUsageAsync("missing"));
        Assert.IsType<LmStudioErrorDetails.PathNotFound>(error.Details);
    }

    [Fact]
    public async Task An_instance_that_stays_idle_past_its_time_to_live_is_gone()
    {
        var time = new ManualTime();
        await using var rig = await Rig.StartAsync(Rig.Quick with { TimeProvider = time });
        var loaded = await rig.Client.Llm.LoadModelAsync(new LoadModelRequest { ModelKey = Rig.Granite, TimeToLive = TimeSpan.FromSeconds(10) });
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(await rig.Client.Llm.FindModelInfoAsync(loaded.Instance));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await rig.Client.Llm.FindModelInfoAsync(loaded.Instance));
    }

    private static async Task<LmStudioRequestException> FailAsync(SimulatorOptions options, string key)
    {
        await using var rig = await Rig.StartAsync(options);
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.LoadAsync(key));
        Assert.Empty(await rig.Client.Llm.ListLoadedAsync());
        return error;
    }
}
