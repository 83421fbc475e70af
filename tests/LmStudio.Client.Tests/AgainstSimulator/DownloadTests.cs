using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class DownloadTests
{
    private const string Llama = "meta-llama/Meta-Llama-3-8B-Instruct";
    private static readonly DownloadTarget LlamaTarget = DownloadTarget.HuggingFace("meta-llama", "Meta-Llama-3-8B-Instruct");
    private static readonly SimulatorOptions Slow = Rig.Quick with { DownloadTime = Rig.Endless };

    [Fact]
    public async Task Models_are_searched_by_term_limit_and_format()
    {
        await using var rig = await Rig.StartAsync();
        var repository = rig.Client.Repository;
        var found = await repository.SearchModelsAsync(new ModelSearch { SearchTerm = "qwen/qwen3-4b", CompatibilityTypes = ["gguf"] });
        Assert.Equal(
            new ModelSearchResult("qwen/qwen3-4b", ModelSearchIdentifier.Catalog("qwen/qwen3-4b"), IsExact: true, IsStaffPick: true),
            Assert.Single(found, model => model.IsExact && model.Identifier.Type == "catalog"));
        Assert.Equal(2, (await repository.SearchModelsAsync(new ModelSearch { Limit = 2 })).Count);
        Assert.Empty(await repository.SearchModelsAsync(new ModelSearch { SearchTerm = "no such model" }));
        Assert.Empty(await repository.SearchModelsAsync(new ModelSearch { CompatibilityTypes = ["safetensors"] }));
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => repository.SearchModelsAsync(new ModelSearch { Limit = 26 }));
    }

    [Fact]
    public async Task A_chosen_file_is_downloaded_with_progress_then_listed_and_loadable()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { DownloadTime = TimeSpan.FromMilliseconds(100) });
        var options = await rig.Client.Repository.GetModelDownloadOptionsAsync(ModelSearchIdentifier.HuggingFace(Llama));
        Assert.Equal(["Q4_K_M", "Q8_0"], options.Select(option => option.Quantization));
        Assert.Equal([true, false], options.Select(option => option.IsRecommended));

        var events = new EventList<DownloadEvent>();
        var key = await rig.Client.Repository.DownloadModelAsync(options[0].DownloadIdentifier, events);
        var steps = events.Items.OfType<DownloadEvent.Progressed>().ToList();
        Assert.Equal(steps.Select(step => step.DownloadedBytes).Order(), steps.Select(step => step.DownloadedBytes));
        Assert.Equal(options[0].SizeBytes, steps[^1].DownloadedBytes);
        Assert.All(steps, step => Assert.Equal(options[0].SizeBytes, step.TotalBytes));
        Assert.IsType<DownloadEvent.Finalizing>(events.Items[^1]);

        Assert.Contains(await rig.Client.System.ListDownloadedModelsAsync(), model => model.ModelKey == key && model.SizeBytes == options[0].SizeBytes);
        Assert.Equal(key, (await rig.LoadAsync(key)).ModelKey);
        Assert.Equal(key, await rig.Client.Repository.DownloadModelAsync(options[0].DownloadIdentifier));
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(true, "q8_0")]
    [InlineData(false, null)]
    public async Task A_planned_download_is_carried_out_once_and_then_there_is_nothing_to_do(bool huggingFace, string? quantization)
    {
        await using var rig = await Rig.StartAsync();
        var target = (huggingFace ? LlamaTarget : DownloadTarget.Catalog("openai", "gpt-oss-20b")) with { Quantization = quantization };
        var events = new EventList<DownloadEvent>();
        Assert.True(await rig.Client.Repository.DownloadAsync(target, events));
        var ready = Assert.Single(events.Items.OfType<DownloadEvent.Planned>(), planned => planned.IsReady).Plan;
        Assert.Equal("startNewDownload", ready.Action);
        Assert.Equal(ready.SizeBytes, events.Items.OfType<DownloadEvent.Progressed>().Last().DownloadedBytes);
        Assert.Equal(6, (await rig.Client.System.ListDownloadedModelsAsync()).Count);
        Assert.False(await rig.Client.Repository.DownloadAsync(target));
    }

    [Fact]
    public async Task Another_quantisation_of_a_model_that_is_there_is_another_download()
    {
        await using var rig = await Rig.StartAsync();
        Assert.True(await rig.Client.Repository.DownloadAsync(LlamaTarget));
        Assert.True(await rig.Client.Repository.DownloadAsync(LlamaTarget with { Quantization = "Q8_0" }));
        Assert.False(await rig.Client.Repository.DownloadAsync(LlamaTarget with { Quantization = "Q8_0" }));
        Assert.Equal(2, (await rig.Client.System.ListDownloadedModelsAsync()).Count(model => model.Publisher == "meta-llama"));
    }

    [Fact]
    public async Task What_does_not_exist_is_a_typed_error()
    {
        await using var rig = await Rig.StartAsync();
        var repository = rig.Client.Repository;
        await Assert.ThrowsAsync<LmStudioRequestException>(() => repository.DownloadAsync(DownloadTarget.HuggingFace("no", "body")));
        await Assert.ThrowsAsync<LmStudioRequestException>(() => repository.GetModelDownloadOptionsAsync(ModelSearchIdentifier.Catalog("no/body")));
        await Assert.ThrowsAsync<LmStudioRequestException>(() => repository.DownloadModelAsync("nonsense"));
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => repository.DownloadAsync(LlamaTarget with { Quantization = "Q9_X" }));
        Assert.Equal("Cannot find variant Q9_X.", error.Message);
        Assert.Empty(rig.Studio.Downloads.Jobs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_download_ends_in_LM_Studio_and_leaves_nothing(bool planned)
    {
        await using var rig = await Rig.StartAsync(Slow);
        using var leaving = new CancellationTokenSource();
        var progress = new AtFirst<DownloadEvent>(step => step is DownloadEvent.Progressed, leaving.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => planned
            ? rig.Client.Repository.DownloadAsync(LlamaTarget, progress, leaving.Token)
            : rig.Client.Repository.DownloadModelAsync($"hf:{Llama}:Q4_K_M", progress, leaving.Token));
        Assert.Equal(DownloadStatus.Cancelled, Assert.Single(rig.Studio.Downloads.Jobs).Status);
        Assert.Equal(5, (await rig.Client.System.ListDownloadedModelsAsync()).Count);
    }

    [Fact]
    public async Task A_plan_that_is_cancelled_before_it_is_carried_out_downloads_nothing()
    {
        await using var rig = await Rig.StartAsync(Slow);
        using var leaving = new CancellationTokenSource();
        var progress = new AtFirst<DownloadEvent>(step => step is DownloadEvent.Planned, leaving.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Client.Repository.DownloadAsync(LlamaTarget, progress, leaving.Token));
        Assert.Empty(await rig.Client.Repository.SearchModelsAsync(new ModelSearch { SearchTerm = "after" }));
        Assert.Empty(rig.Studio.Downloads.Jobs);
    }

    [Fact]
    public async Task A_second_caller_follows_the_download_that_is_under_way()
    {
        await using var rig = await Rig.StartAsync(Slow);
        var begun = new TaskCompletionSource();
        var first = rig.Client.Repository.DownloadAsync(LlamaTarget, new AtFirst<DownloadEvent>(step => step is DownloadEvent.Progressed, begun.SetResult));
        await begun.Task;
        var events = new EventList<DownloadEvent>();
        using var leaving = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Client.Repository.DownloadAsync(
            LlamaTarget, new Both(events, new AtFirst<DownloadEvent>(step => step is DownloadEvent.Progressed, leaving.Cancel)), leaving.Token));
        Assert.Equal("attachToExistingDownload", events.Items.OfType<DownloadEvent.Planned>().Last().Plan.Action);
        Assert.Single(rig.Studio.Downloads.Jobs);
        await Assert.ThrowsAsync<LmStudioRequestException>(() => first);
    }

    [Fact]
    public async Task A_download_outlives_the_client_that_began_it()
    {
        var time = new ManualTime();
        await using var rig = await Rig.StartAsync(Slow with { TimeProvider = time });
        var begun = new TaskCompletionSource();
        var download = rig.Client.Repository.DownloadAsync(LlamaTarget, new AtFirst<DownloadEvent>(step => step is DownloadEvent.Progressed, begun.SetResult));
        await begun.Task;
        await rig.Client.DisposeAsync();
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => download);
        var job = Assert.Single(rig.Studio.Downloads.Jobs);
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(Rig.Endless / 10);
            return job.Ended.IsCompleted;
        });
        Assert.Equal(DownloadStatus.Completed, job.Status);
    }

    [Fact]
    public async Task A_download_that_fails_halfway_is_a_request_exception()
    {
        await using var rig = await Rig.StartAsync();
        rig.Studio.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed, Count = 1 });
        await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Repository.DownloadAsync(LlamaTarget));
        Assert.True(await rig.Client.Repository.DownloadAsync(LlamaTarget));
    }

    private sealed class Both(params IProgress<DownloadEvent>[] listeners) : IProgress<DownloadEvent>
    {
        public void Report(DownloadEvent value)
        {
            foreach (var listener in listeners) listener.Report(value);
        }
    }
}
