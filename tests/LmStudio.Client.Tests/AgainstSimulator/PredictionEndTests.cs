using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

/// <summary>Predictions that do not reach their natural end, and what an instance says while they run.</summary>
public sealed class PredictionEndTests
{
    private const string Long = "count to 900000";
    private static readonly SimulatorOptions Slow = Rig.Quick with { TokensPerSecond = 100 };

    [Theory]
    [InlineData(100)]
    [InlineData(0)]
    public async Task A_cancelled_prediction_ends_in_LM_Studio_however_fast_it_speaks(double tokensPerSecond)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { TokensPerSecond = tokensPerSecond });
        var model = await LoadLongAsync(rig);
        using var leaving = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var step in rig.Predict(model, Long, cancellationToken: leaving.Token))
                if (step is PredictionEvent.Fragment) await leaving.CancelAsync();
        });
        await AssertCancelledAsync(rig);
        Assert.Equal("1, 2", (await rig.Predict(model, "count to 2").ToListAsync()).Text());
        Assert.Equal(1, rig.Counters.WebSocketConnections);
    }

    [Fact]
    public async Task A_prediction_that_the_reader_leaves_ends_in_LM_Studio()
    {
        await using var rig = await Rig.StartAsync(Slow);
        await foreach (var step in rig.Predict(await LoadLongAsync(rig), Long))
            if (step is PredictionEvent.Fragment) break;
        await AssertCancelledAsync(rig);
    }

    [Fact]
    public async Task A_client_that_goes_away_ends_its_predictions()
    {
        await using var rig = await Rig.StartAsync(Slow);
        var model = await LoadLongAsync(rig);
        await Assert.ThrowsAsync<LmStudioConnectionException>(async () =>
        {
            await foreach (var step in rig.Predict(model, Long))
                if (step is PredictionEvent.Fragment) await rig.Client.DisposeAsync();
        });
        await AssertCancelledAsync(rig);
    }

    [Fact]
    public async Task Unloading_the_model_ends_its_prediction_and_says_so()
    {
        await using var rig = await Rig.StartAsync(Slow);
        var model = await LoadLongAsync(rig);
        var events = new List<PredictionEvent>();
        await foreach (var step in rig.Predict(model, Long))
        {
            events.Add(step);
            if (events.OfType<PredictionEvent.Fragment>().Count() == 1 && step is PredictionEvent.Fragment) await rig.Client.Llm.UnloadModelAsync(model);
        }

        Assert.Equal(StopReasons.ModelUnloaded, events.Stats().StopReason);
        Assert.Equal(0, rig.Counters.OpenStreams);
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(async () => await rig.Predict(model, "hi").ToListAsync());
        Assert.IsType<LmStudioErrorDetails.SpecificModelUnloaded>(error.Details);
    }

    [Fact]
    public async Task An_instance_tells_that_it_generates_and_how_many_wait()
    {
        await using var rig = await Rig.StartAsync(Slow with { ParallelSessions = 1 });
        var model = await LoadLongAsync(rig);
        Assert.Equal(new InstanceProcessingState("idle", 0), await StateAsync());
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var running = ReadAsync(first.Token);
        await UntilAsync(new InstanceProcessingState("generating", 0));
        var waiting = ReadAsync(second.Token);
        await UntilAsync(new InstanceProcessingState("generating", 1));

        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await UntilAsync(new InstanceProcessingState("generating", 0));
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await UntilAsync(new InstanceProcessingState("idle", 0));
        await Eventually.HoldsAsync(() => rig.Counters.OpenStreams == 0);
        Assert.Equal((1, 2), (rig.Counters.Predictions, rig.Counters.Cancels));

        Task<InstanceProcessingState> StateAsync() => rig.Client.Llm.GetInstanceProcessingStateAsync(model);
        async Task ReadAsync(CancellationToken cancellationToken) => await rig.Predict(model, Long, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
        async Task UntilAsync(InstanceProcessingState wanted)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (await StateAsync() != wanted) await Task.Delay(5, limit.Token);
        }
    }

    [Fact]
    public async Task Without_a_loaded_model_there_is_nothing_to_ask()
    {
        await using var rig = await Rig.StartAsync();
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(async () => await rig.Predict(ModelSpecifier.Any, "hi").ToListAsync());
        Assert.Equal("predict", error.Endpoint);
        Assert.IsType<LmStudioErrorDetails.NoModelMatchingQuery>(error.Details);
        await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Llm.GetInstanceProcessingStateAsync(ModelSpecifier.Any));
        await Assert.ThrowsAsync<LmStudioRequestException>(() => rig.Client.Embedding.EmbedAsync(ModelSpecifier.Any, "hi"));
    }

    /// <summary>A model whose context takes more tokens than a test waits for.</summary>
    private static async Task<InstanceInfo> LoadLongAsync(Rig rig) => (await rig.Client.Llm.LoadModelAsync(
        new LoadModelRequest { ModelKey = Rig.Qwen, Configuration = new LoadConfiguration { ContextLength = 10_000_000 } })).Instance;

    private static async Task AssertCancelledAsync(Rig rig)
    {
        await Eventually.HoldsAsync(() => rig.Counters.OpenStreams == 0);
        Assert.Equal((1, 0), (rig.Counters.Cancels, rig.Counters.PredictionsCompleted));
    }
}
