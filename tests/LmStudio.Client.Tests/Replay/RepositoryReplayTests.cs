using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

public sealed class RepositoryReplayTests
{
    private static readonly Recording Session = Recording.Load("lmstudio-sdk-2.0.0.jsonl");

    [Fact]
    public async Task A_model_is_searched_chosen_and_downloaded_with_progress()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/repository", 0, 1, 2));
        var repository = replay.Client.Repository;
        var found = Assert.Single(await repository.SearchModelsAsync(new ModelSearch { SearchTerm = "qwen", Limit = 5, CompatibilityTypes = ["gguf"] }));
        Assert.Equal(new ModelSearchResult("Qwen/Qwen3-4B-GGUF", ModelSearchIdentifier.HuggingFace("Qwen/Qwen3-4B-GGUF"), true, false), found);

        var option = Assert.Single(await repository.GetModelDownloadOptionsAsync(found.Identifier));
        Assert.Equal("Q4_K_M", option.Quantization);
        Assert.True(option.IsRecommended);
        Assert.Equal("fullGPUOffload", option.FitEstimation);

        var events = new EventList<DownloadEvent>();
        Assert.Equal("qwen/qwen3-4b", await repository.DownloadModelAsync(option.DownloadIdentifier, events));
        Assert.Equal([250_000, 500_000, 750_000, 1_000_000], events.Items.OfType<DownloadEvent.Progressed>().Select(e => e.DownloadedBytes));
        Assert.IsType<DownloadEvent.Finalizing>(events.Items[^1]);
        await replay.EndAsync();
    }

    [Fact]
    public async Task A_download_plan_is_committed_once_it_is_ready()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/repository", 3));
        var events = new EventList<DownloadEvent>();
        var target = DownloadTarget.HuggingFace("a", "b") with { Quantization = "Q4_K_M" };
        Assert.True(await replay.Client.Repository.DownloadAsync(target, events));
        Assert.Equal([false, true], events.Items.OfType<DownloadEvent.Planned>().Select(e => e.IsReady));
        Assert.Equal(4, events.Items.OfType<DownloadEvent.Progressed>().Count());
        await replay.EndAsync();
    }

    [Fact]
    public async Task The_log_is_streamed_until_the_reader_leaves_which_sends_stop()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/diagnostics", 0));
        await foreach (var happened in replay.Client.Diagnostics.StreamLogsAsync())
        {
            var line = Assert.IsType<LogEvent.Server>(happened);
            Assert.Equal(("info", "log stream attached"), (line.Level, line.Content));
            break;
        }

        await replay.EndAsync();
    }
}
