using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

public sealed class DownloadsTests : IAsyncDisposable
{
    private const string Llama = "meta-llama/Meta-Llama-3-8B-Instruct";

    private readonly SimulatedLmStudio _studio = new(Rig.Quick with { DownloadTime = TimeSpan.FromMilliseconds(100) });

    [Fact]
    public async Task Watching_shows_it_grow_and_end()
    {
        var (model, option) = Downloads.Find(Llama);
        var seen = new List<long>();
        var job = _studio.Downloads.Start(model, option)!;
        await foreach (var step in _studio.Downloads.WatchAsync(job, TestContext.Current.CancellationToken)) seen.Add(step.DownloadedBytes);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal((DownloadStatus.Completed, option.SizeBytes), (job.Status, seen[^1]));
        Assert.Equal("meta-llama-3-8b-instruct", _studio.Downloads.KeyOf(model, option));
        Assert.Null(_studio.Downloads.Start(model, option));
    }

    [Fact]
    public async Task A_cancelled_download_leaves_nothing_and_can_start_again()
    {
        _studio.Change(settings => settings with { DownloadTime = TimeSpan.FromMinutes(5) });
        var (model, option) = Downloads.Find(Llama + "@q8_0");
        var job = _studio.Downloads.Start(model, option)!;
        Assert.Same(job, _studio.Downloads.Start(model, option));
        job.Cancel();
        await job.Ended;
        Assert.Equal((DownloadStatus.Cancelled, false), (job.Status, _studio.Downloads.IsDownloaded(model, option)));
        Assert.NotSame(job, _studio.Downloads.Start(model, option));
    }

    [Fact]
    public async Task A_watcher_that_leaves_does_not_end_the_download()
    {
        var (model, option) = Downloads.Find(Llama);
        var job = _studio.Downloads.Start(model, option)!;
        await foreach (var _ in _studio.Downloads.WatchAsync(job, TestContext.Current.CancellationToken)) break;
        await job.Ended;
        Assert.Equal(DownloadStatus.Completed, job.Status);
    }

    [Fact]
    public void A_search_finds_by_part_of_the_name_with_the_hub_first()
    {
        var found = Downloads.Search("qwen3-4b", 10);
        Assert.Equal(["qwen/qwen3-4b-2507", "qwen/qwen3-4b", "Qwen/Qwen3-4B-GGUF"], found.Select(model => model.Id));
        Assert.Single(Downloads.Search("qwen", 1));
        Assert.Empty(Downloads.Search("nothing-like-it", 10));
    }

    [Theory]
    [InlineData("qwen/qwen3-4b", true, "Q4_K_M")]
    [InlineData("QWEN/QWEN3-4B@Q8_0", true, "Q8_0")]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B-GGUF/", false, "Q4_K_M")]
    [InlineData("https://huggingface.co/Qwen/Qwen3-4B-GGUF@q8_0", false, "Q8_0")]
    public void A_name_or_an_address_with_a_quantisation_is_found(string name, bool catalog, string quant)
    {
        var (model, option) = Downloads.Find(name);
        Assert.Equal((catalog, quant), (model.IsCatalog, option.Quant));
    }

    [Theory]
    [InlineData("nobody/nothing")]
    [InlineData("qwen/qwen3-4b@q9")]
    [InlineData("https://huggingface.co/qwen/qwen3-4b")]
    public void What_does_not_exist_is_not_found(string name) =>
        Assert.Equal(EngineErrorKind.DownloadNotFound, Assert.Throws<EngineException>(() => Downloads.Find(name)).Error.Kind);

    public ValueTask DisposeAsync() => _studio.DisposeAsync();
}
