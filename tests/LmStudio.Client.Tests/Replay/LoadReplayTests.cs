using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

public sealed class LoadReplayTests
{
    private static readonly Recording Session = Recording.Load("lmstudio-sdk-2.0.0.jsonl");

    internal static LoadConfiguration Full { get; } = new()
    {
        GpuSplit = new GpuSplit { Strategy = "priorityOrder", DisabledGpus = [1], Priority = [0] },
        GpuStrictVramCap = false,
        GpuOffloadRatio = 0.5,
        NumParallelSessions = 4,
        UseUnifiedKvCache = true,
        OffloadKvCacheToGpu = true,
        ContextLength = 8192,
        RopeFrequencyBase = 10000,
        RopeFrequencyScale = Checkable.Off(0.0),
        EvalBatchSize = 512,
        FlashAttention = true,
        KeepModelInMemory = true,
        Seed = 42,
        UseFp16ForKvCache = true,
        TryMmap = true,
        NumExperts = 8,
        KCacheQuantizationType = "q8_0",
        VCacheQuantizationType = Checkable.Off("f16"),
    };

    [Fact]
    public async Task A_load_with_every_setting_sends_LM_Studios_own_frame_and_reports_progress_in_order()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 1));
        var progress = new EventList<LoadEvent>();
        var request = new LoadModelRequest
        {
            ModelKey = "qwen/qwen3-4b",
            Identifier = "my-id",
            TimeToLive = TimeSpan.FromMinutes(5),
            Configuration = Full,
            ReadBackConfiguration = false,
        };

        var loaded = await replay.Client.Llm.LoadModelAsync(request, progress);

        Assert.Equal("my-id", loaded.Instance.Identifier);
        Assert.Equal("inst-1", loaded.Instance.InstanceReference);
        Assert.Equal(TimeSpan.FromMinutes(5), loaded.Instance.TimeToLive);
        Assert.Equal(8192, loaded.Instance.ContextLength);
        Assert.False(loaded.WasLoaded);
        Assert.IsType<LoadEvent.Resolved>(progress.Items[0]);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], progress.Items.OfType<LoadEvent.Progressed>().Select(e => e.Fraction));
        await replay.EndAsync();
    }

    [Fact]
    public async Task The_configuration_that_was_loaded_is_read_back_and_found_applied()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 1, 15));
        var request = new LoadModelRequest
        {
            ModelKey = "qwen/qwen3-4b", Identifier = "my-id", TimeToLive = TimeSpan.FromMinutes(5), Configuration = Full,
        };

        var loaded = await replay.Client.Llm.LoadModelAsync(request);

        Assert.Empty(loaded.NotApplied);
        Assert.Equal(8192, loaded.EffectiveConfiguration!.Find("llm.load.contextLength")!.Value.GetInt32());
        await replay.EndAsync();
    }

    [Fact]
    public async Task A_plain_load_sends_an_empty_layer()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 2));
        var loaded = await replay.Client.Llm.LoadModelAsync(new LoadModelRequest { ModelKey = "qwen/qwen3-4b" });
        Assert.Equal("qwen/qwen3-4b", loaded.Instance.Identifier);
        Assert.Null(loaded.Instance.TimeToLive);
        await replay.EndAsync();
    }

    [Fact]
    public async Task Get_or_load_says_that_the_model_was_loaded_already()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 3));
        var loaded = await replay.Client.Llm.GetOrLoadAsync(new GetOrLoadRequest
        {
            Identifier = "qwen/qwen3-4b",
            TimeToLive = TimeSpan.FromMinutes(1),
            Configuration = new LoadConfiguration { ContextLength = 4096 },
            ReadBackConfiguration = false,
        });
        Assert.True(loaded.WasLoaded);
        Assert.Equal("my-id", loaded.Instance.Identifier);
        await replay.EndAsync();
    }

    [Fact]
    public async Task Instances_are_listed_described_estimated_and_unloaded()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 0, 4, 14, 15, 18, 20, 21, 22));
        var llm = replay.Client.Llm;
        Assert.Empty(await llm.ListLoadedAsync());
        var instance = await llm.GetModelInfoAsync(ModelSpecifier.Any);
        Assert.Equal("inst-1", instance.InstanceReference);
        Assert.NotNull((await llm.FindModelInfoAsync(instance))!.LastUsed);
        Assert.Equal(0.5, (await llm.GetLoadConfigAsync(instance)).Find("llm.load.llama.acceleration.offloadRatio")!.Value.GetDouble());
        Assert.Equal(new InstanceProcessingState("idle", 0), await llm.GetInstanceProcessingStateAsync(instance));
        await llm.UnloadModelAsync(instance);

        var estimate = await llm.EstimateModelUsageAsync("qwen/qwen3-4b", new LoadConfiguration { ContextLength = 4096 });
        Assert.True(estimate.PassesGuardrails);
        Assert.Equal("high", estimate.Memory.Confidence);
        Assert.Equal(2597281120, estimate.Memory.TotalVramBytes);
        Assert.Equal(100000000, estimate.Memory.ContextBytes);

        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => llm.UnloadModelAsync("my-id"));
        var details = Assert.IsType<LmStudioErrorDetails.IdentifierNotFound>(error.Details);
        Assert.Equal("my-id", details.Identifier);
        Assert.Equal(["qwen/qwen3-4b"], details.LoadedModelsSample);
        Assert.Equal(1, details.TotalLoadedModels);
        Assert.Equal("unloadModel", error.Endpoint);
        await replay.EndAsync();
    }

    [Fact]
    public async Task An_embedding_model_is_loaded_and_embeds()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/embedding", 0, 1, 2, 3, 4));
        var embedding = replay.Client.Embedding;
        var loaded = await embedding.LoadModelAsync(new LoadModelRequest
        {
            ModelKey = "text-embedding-nomic-embed-text-v1.5",
            Configuration = new LoadConfiguration
            {
                GpuSplit = new GpuSplit { Priority = [1] },
                ContextLength = 2048,
                RopeFrequencyBase = 1,
                KeepModelInMemory = true,
                TryMmap = false,
            },
            ReadBackConfiguration = false,
        });
        var vector = await embedding.EmbedAsync(loaded.Instance, "abc");
        Assert.Equal(8, vector.Count);
        Assert.Equal(0.1411200080598672, vector[0]);
        var first = embedding.EmbedAsync(loaded.Instance, "a");
        var second = embedding.EmbedAsync(loaded.Instance, "b");
        Assert.Equal(0.8414709848078965, (await first)[0]);
        Assert.Equal(8, (await second).Count);
        Assert.Equal([97, 98, 99], await embedding.TokenizeAsync(loaded.Instance, "abc"));
        await replay.EndAsync();
    }
}
