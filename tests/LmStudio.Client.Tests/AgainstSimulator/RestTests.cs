using LmStudio.Client.Rest;
using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class RestTests
{
    [Fact]
    public async Task Models_are_listed_by_both_versions_with_what_is_loaded()
    {
        await using var rig = await Rig.StartAsync();
        await rig.LoadAsync(Rig.Qwen);
        await rig.LoadAsync(Rig.Qwen);
        var models = await rig.Client.Rest.ListModelsAsync();
        var qwen = Assert.Single(models, model => model.LoadedInstances.Count > 0);
        Assert.Equal((Rig.Qwen, "llm", 262144, true, false), (qwen.Key, qwen.Type, qwen.MaxContextLength, qwen.TrainedForToolUse, qwen.Vision));
        Assert.Equal([(Rig.Qwen, 4096, 4), (Rig.Qwen + ":2", 4096, 4)], qwen.LoadedInstances.Select(instance => (instance.Id, instance.ContextLength!.Value, instance.Parallel!.Value)));
        Assert.Equal("qwen/qwen3-4b-2507@q4_k_m", qwen.SelectedVariant);
        Assert.Equal(["off", "on"], qwen.ReasoningOptions);

        var old = await rig.Client.Rest.ListModelsV0Async();
        Assert.Equal(models.Select(model => model.Key), old.Select(model => model.Id));
        Assert.Equal([Rig.Qwen], old.Where(model => model.IsLoaded).Select(model => model.Id));
        Assert.Equal(["llm", "llm", "llm", "vlm", "embeddings"], old.Select(model => model.Type));
        var one = await rig.Client.Rest.GetModelV0Async(Rig.Qwen);
        Assert.Equal((4096, "Q4_K_M", true), (one.LoadedContextLength, one.Quantization, one.Capabilities.Contains("tool_use")));
        Assert.Equal(404, (await Assert.ThrowsAsync<LmStudioHttpException>(() => rig.Client.Rest.GetModelV0Async("missing"))).StatusCode);
    }

    [Fact]
    public async Task A_load_applies_what_REST_knows_and_reports_the_rest()
    {
        await using var rig = await Rig.StartAsync();
        var loaded = await rig.Client.Rest.LoadModelAsync(Rig.Granite, new LoadConfiguration
        {
            ContextLength = 1024, EvalBatchSize = 256, FlashAttention = false, NumExperts = 3, OffloadKvCacheToGpu = false, GpuOffloadRatio = 0.5, TryMmap = false,
        });
        Assert.Equal((Rig.Granite, "llm"), (loaded.InstanceId, loaded.Type));
        Assert.NotNull(loaded.LoadTime);
        Assert.Equal(["gpuOffloadRatio", "tryMmap"], loaded.NotApplied.Select(missing => missing.Name));
        Assert.All(loaded.NotApplied, missing => Assert.Equal("LM Studio's REST API has no such setting.", missing.Reason));
        Assert.Equal(1024, (await rig.Client.Llm.GetModelInfoAsync(ModelSpecifier.ByIdentifier(loaded.InstanceId))).ContextLength);

        var embedding = await rig.Client.Rest.LoadModelAsync(Rig.Embedding, new LoadConfiguration { ContextLength = 512, FlashAttention = true });
        Assert.Equal("flashAttention", Assert.Single(embedding.NotApplied).Name);
        Assert.Equal(Rig.Granite + ":2", (await rig.Client.Rest.LoadModelAsync(Rig.Granite)).InstanceId);
    }

    [Fact]
    public async Task Refusals_carry_status_and_type()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { MemoryModels = 0 });
        var rest = rig.Client.Rest;
        Assert.Equal((404, "model_not_found"), await RefusalAsync(() => rest.LoadModelAsync("missing")));
        Assert.Equal((500, "model_load_failed"), await RefusalAsync(() => rest.LoadModelAsync(Rig.Granite)));
        Assert.Equal((404, "model_not_found"), await RefusalAsync(() => rest.UnloadModelAsync("missing")));
        Assert.Equal((404, "model_not_found"), await RefusalAsync(() => rest.DownloadModelAsync("no/body")));
        Assert.Equal((404, "job_not_found"), await RefusalAsync(() => rest.GetDownloadStatusAsync("missing")));
    }

    [Fact]
    public async Task An_instance_is_unloaded_by_its_identifier()
    {
        await using var rig = await Rig.StartAsync();
        var first = await rig.Client.Rest.LoadModelAsync(Rig.Qwen);
        var second = await rig.Client.Rest.LoadModelAsync(Rig.Qwen);
        await rig.Client.Rest.UnloadModelAsync(second.InstanceId);
        Assert.Equal(first.InstanceId, Assert.Single(await rig.Client.Llm.ListLoadedAsync()).Identifier);
    }

    [Fact]
    public async Task A_download_is_followed_to_its_end_and_then_there_is_nothing_to_do()
    {
        const string Url = "https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct";
        await using var rig = await Rig.StartAsync(Rig.Quick with { DownloadTime = Rig.Endless });
        var begun = await rig.Client.Rest.DownloadModelAsync(Url, "Q8_0");
        Assert.Equal(("downloading", false), (begun.Status, begun.IsOver));
        Assert.NotNull(begun.StartedAt);
        var running = await rig.Client.Rest.GetDownloadStatusAsync(begun.JobId!);
        Assert.Equal((begun.TotalSizeBytes, 0), (running.TotalSizeBytes, running.DownloadedBytes));
        Assert.NotNull(running.BytesPerSecond);

        rig.Studio.Change(_ => Rig.Quick);
        var status = await rig.Client.Rest.DownloadModelAsync(Url);
        while (!status.IsOver) status = await rig.Client.Rest.GetDownloadStatusAsync(status.JobId!);
        Assert.Equal("completed", status.Status);
        Assert.Equal(status.TotalSizeBytes, status.DownloadedBytes);
        Assert.NotNull(status.CompletedAt);

        var again = await rig.Client.Rest.DownloadModelAsync(Url);
        Assert.Equal(("already_downloaded", null, true), (again.Status, again.JobId, again.IsOver));
    }

    [Fact]
    public async Task An_old_version_without_the_API_says_so_by_type()
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.RestMissing });
        Assert.Equal("GET /api/v1/models", await MissingAsync(() => rig.Client.Rest.ListModelsAsync()));
        Assert.Equal("POST /api/v1/models/load", await MissingAsync(() => rig.Client.Rest.LoadModelAsync(Rig.Granite)));
        Assert.Equal("POST /api/v1/models/unload", await MissingAsync(() => rig.Client.Rest.UnloadModelAsync("x")));
        Assert.Equal("POST /api/v1/models/download", await MissingAsync(() => rig.Client.Rest.DownloadModelAsync("x")));
        Assert.NotEmpty(await rig.Client.Rest.ListModelsV0Async());
        Assert.Equal(0, rig.Counters.LoadsStarted);
    }

    [Theory]
    [InlineData(FaultKind.Nonsense, typeof(LmStudioProtocolException))]
    [InlineData(FaultKind.ErrorStatus, typeof(LmStudioHttpException))]
    [InlineData(FaultKind.AuthRequired, typeof(LmStudioAuthenticationException))]
    [InlineData(FaultKind.ResetBeforeHeaders, typeof(LmStudioConnectionException))]
    [InlineData(FaultKind.Refuse, typeof(LmStudioConnectionException))]
    public async Task Every_fault_is_an_exception_of_its_own_type(FaultKind fault, Type exception)
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = fault });
        await Assert.ThrowsAsync(exception, () => rig.Client.Rest.ListModelsAsync());
        rig.Studio.Faults.Clear();
        Assert.NotEmpty(await rig.Client.Rest.ListModelsAsync());
    }

    private static async Task<(int, string?)> RefusalAsync(Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<LmStudioHttpException>(call);
        return (error.StatusCode, error.Error.Type);
    }

    private static async Task<string> MissingAsync(Func<Task> call) => (await Assert.ThrowsAsync<LmStudioEndpointMissingException>(call)).Endpoint;
}
