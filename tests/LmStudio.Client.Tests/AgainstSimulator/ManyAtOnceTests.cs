using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class ManyAtOnceTests
{
    private const int Many = 200;

    [Fact]
    public async Task Two_hundred_predictions_and_two_hundred_calls_share_one_connection_and_get_their_own_answers()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ParallelSessions = 32 });
        var model = await rig.LoadAsync(Rig.Qwen);
        var predictions = Enumerable.Range(1, Many).Select(async limit =>
        {
            var events = await rig.Predict(model, $"count to {limit}").ToListAsync();
            Assert.Equal(string.Join(", ", Enumerable.Range(1, limit)), events.Text());
            return events.Stats().PredictedTokensCount!.Value;
        }).ToList();
        var calls = Enumerable.Range(1, Many).Select(async number =>
        {
            var text = string.Concat(Enumerable.Repeat("word ", number));
            Assert.Equal(Tokenizer.Count(text), await rig.Client.Llm.CountTokensAsync(model, text));
        }).ToList();

        await Task.WhenAll(calls);
        Assert.Equal(Enumerable.Range(1, Many), await Task.WhenAll(predictions));
        Assert.Equal((1, Many, 0), (rig.Counters.WebSocketConnections, rig.Counters.PredictionsCompleted, rig.Counters.OpenStreams));
    }

    [Fact]
    public async Task Readers_who_leave_at_different_times_end_their_own_prediction_and_no_other()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ParallelSessions = Many, TokensPerSecond = 200 });
        var model = (await rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Qwen, Configuration = new LoadConfiguration { ContextLength = 10_000_000, NumParallelSessions = Many } })).Instance;
        var answers = await Task.WhenAll(Enumerable.Range(1, Many).Select(async number =>
        {
            var leaves = number % 2 == 0;
            var events = new List<PredictionEvent>();
            await foreach (var step in rig.Predict(model, leaves ? "count to 900000" : "count to 9"))
            {
                events.Add(step);
                if (leaves && events.OfType<PredictionEvent.Fragment>().Count() == number % 7 + 1) break;
            }

            return (Leaves: leaves, Text: events.Text());
        }));
        Assert.All(answers.Where(answer => !answer.Leaves), answer => Assert.Equal("1, 2, 3, 4, 5, 6, 7, 8, 9", answer.Text));
        await Eventually.HoldsAsync(() => rig.Counters.OpenStreams == 0);
        Assert.Equal((Many / 2, Many / 2), (rig.Counters.PredictionsCompleted, rig.Counters.Cancels));
        Assert.Equal(1, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task Loads_predictions_and_embeddings_go_on_side_by_side()
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(100), MemoryModels = 30 });
        var model = await rig.LoadAsync(Rig.Granite);
        var embedding = await rig.LoadEmbeddingAsync();
        var loads = Enumerable.Range(0, 20).Select(number => rig.LoadAsync(Rig.Qwen, $"copy-{number}")).ToList();
        var others = Enumerable.Range(0, 50).SelectMany(_ => new Task[]
        {
            rig.Predict(model, "count to 20").ToListAsync().AsTask(),
            rig.Client.Embedding.EmbedAsync(embedding, "text"),
            rig.Client.Llm.ListLoadedAsync(),
        }).ToList();
        await Task.WhenAll([.. loads, .. others]);
        Assert.Equal(21, (await rig.Client.Llm.ListLoadedAsync()).Count);
        Assert.Equal((50, 50), (rig.Counters.PredictionsCompleted, rig.Counters.Embeddings));
    }
}
