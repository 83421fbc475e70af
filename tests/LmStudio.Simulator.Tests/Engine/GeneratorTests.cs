using System.Text.Json;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Engine;

public sealed class GeneratorTests : IAsyncDisposable
{
    private readonly SimulatedLmStudio _studio = new(Rig.Quick);

    [Fact]
    public async Task A_generation_reports_the_prompt_then_tokens_then_its_figures()
    {
        var events = await GenerateAsync(Say("count to 3"));
        var progress = events.OfType<GenerationEvent.PromptProgress>().ToList();
        Assert.Equal([0, 1], progress.Select(step => step.Fraction));
        Assert.Equal(["1", ", 2", ", 3"], events.OfType<GenerationEvent.Token>().Select(token => token.Text));
        var stats = Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats;
        Assert.Equal((StopReason.EosFound, 3, progress[0].Total), (stats.StopReason, stats.PredictedTokens, stats.PromptTokens));
        Assert.NotNull((await InstanceAsync()).LastUsedUnixMs);
    }

    [Fact]
    public async Task A_stop_by_the_protocol_ends_with_user_stopped()
    {
        using var stop = new CancellationTokenSource();
        var events = new List<GenerationEvent>();
        await foreach (var step in _studio.Generator.GenerateAsync(await InstanceAsync(), Say("count to 100000") with { Stop = stop.Token }, TestContext.Current.CancellationToken))
        {
            events.Add(step);
            if (events.Count == 10) await stop.CancelAsync();
        }

        Assert.Equal(StopReason.UserStopped, Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats.StopReason);
        Assert.Equal((1, 0, 0), (_studio.Counters.Cancels, _studio.Counters.OpenStreams, _studio.Counters.Snapshot().PredictionsCompleted));
    }

    [Fact]
    public async Task A_stop_in_the_queue_ends_with_user_stopped_too()
    {
        _studio.Change(settings => settings with { ParallelSessions = 1, TokensPerSecond = 0.01 });
        var instance = await InstanceAsync();
        using var stop = new CancellationTokenSource();
        var running = GenerateAsync(Say("hello") with { Stop = stop.Token });
        await Rig.EventuallyAsync(() => instance.State.Status == ProcessingStatus.Generating);
        var waiting = GenerateAsync(Say("hello") with { Stop = stop.Token });
        await Rig.EventuallyAsync(() => instance.State == new ProcessingState(ProcessingStatus.Generating, 1));
        await stop.CancelAsync();
        foreach (var events in new[] { await running, await waiting })
            Assert.Equal(StopReason.UserStopped, Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats.StopReason);
        Assert.Equal(new ProcessingState(ProcessingStatus.Idle, 0), instance.State);
    }

    [Fact]
    public async Task Unloading_ends_what_runs_and_what_waits_with_model_unloaded()
    {
        _studio.Change(settings => settings with { ParallelSessions = 1, TokensPerSecond = 0.01 });
        var instance = await InstanceAsync();
        var both = new[] { GenerateAsync(Say("hello")), GenerateAsync(Say("hello")) };
        await Rig.EventuallyAsync(() => instance.State == new ProcessingState(ProcessingStatus.Generating, 1));
        _studio.Instances.Unload(instance.Identifier);
        foreach (var events in await Task.WhenAll(both))
            Assert.Equal(StopReason.ModelUnloaded, Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats.StopReason);
    }

    [Fact]
    public async Task Reading_the_prompt_shows_in_the_state()
    {
        _studio.Change(settings => settings with { TimeToFirstToken = TimeSpan.FromMinutes(5) });
        using var stop = new CancellationTokenSource();
        var reading = GenerateAsync(Say("hello") with { Stop = stop.Token });
        var instance = await InstanceAsync();
        await Rig.EventuallyAsync(() => instance.State.Status == ProcessingStatus.ProcessingPrompt);
        await stop.CancelAsync();
        Assert.DoesNotContain(await reading, step => step is GenerationEvent.Token);
    }

    [Fact]
    public async Task The_context_bounds_the_answer()
    {
        var instance = await _studio.Loading.GetOrLoadInstanceAsync(
            new LoadRequest { ModelKey = Rig.Qwen, Config = KvConfig.Empty.With(LoadConfigSchema.AutoFit, "false").With(LoadConfigSchema.LlmContextLength, "40") }, TestContext.Current.CancellationToken);
        var events = new List<GenerationEvent>();
        await foreach (var step in _studio.Generator.GenerateAsync(instance, Say("count to 1000"), TestContext.Current.CancellationToken)) events.Add(step);
        var stats = Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats;
        Assert.Equal((StopReason.ContextLengthReached, 40), (stats.StopReason, stats.PromptTokens + stats.PredictedTokens));
    }

    [Fact]
    public async Task Two_tools_named_are_two_calls_with_ids_of_their_own()
    {
        var tools = new[] { new ToolDefinition("get_time", null), new ToolDefinition("add", JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}}}""")) };
        var events = await GenerateAsync(Say("get time, then add 2 and 3.5") with { Tools = tools });
        var calls = events.OfType<GenerationEvent.ToolCallEnd>().ToList();
        Assert.Equal([("get_time", "{}"), ("add", """{"a":2,"b":3.5}""")], calls.Select(end => (end.Call.Name, end.Call.Arguments)));
        Assert.Equal([0, 1], calls.Select(end => end.Index));
        Assert.Equal(2, calls.Select(end => end.Call.Id).Distinct().Count());
        Assert.Equal(StopReason.ToolCalls, Assert.IsType<GenerationEvent.Finished>(events[^1]).Stats.StopReason);
    }

    [Fact]
    public async Task Thoughts_come_between_their_tags_and_only_from_models_that_think()
    {
        var events = await GenerateAsync(Say("hi") with { Reasoning = true });
        var kinds = events.OfType<GenerationEvent.Token>().Select(token => token.Kind).Distinct();
        Assert.Equal([TokenKind.ReasoningStart, TokenKind.Reasoning, TokenKind.ReasoningEnd, TokenKind.Content], kinds);
        var granite = await _studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = Rig.Granite }, TestContext.Current.CancellationToken);
        await foreach (var step in _studio.Generator.GenerateAsync(granite, Say("hi") with { Reasoning = true }, TestContext.Current.CancellationToken))
            Assert.False(step is GenerationEvent.Token { Kind: not TokenKind.Content });
    }

    [Fact]
    public async Task The_log_shows_prompts_and_answers_to_those_who_listen()
    {
        using var enough = new CancellationTokenSource();
        await using var log = _studio.Log.ReadAsync(enough.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var first = log.MoveNextAsync();
        await GenerateAsync(Say("hello"));
        Assert.True(await first);
        var seen = new List<DiagnosticEvent> { log.Current };
        while (seen[^1] is not DiagnosticEvent.PredictionOutput && await log.MoveNextAsync()) seen.Add(log.Current);
        Assert.Equal("<|user|>hello", seen.OfType<DiagnosticEvent.PredictionInput>().Single().Input);
        Assert.Equal("You said: hello", seen.OfType<DiagnosticEvent.PredictionOutput>().Single().Output);
    }

    [Fact]
    public async Task Embedding_shows_in_the_state_and_near_texts_are_near()
    {
        var instance = await _studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = Rig.Embedding }, TestContext.Current.CancellationToken);
        _studio.Change(settings => settings with { TimeToFirstToken = TimeSpan.FromMinutes(5) });
        using var leaving = new CancellationTokenSource();
        var slow = _studio.Embedder.EmbedAsync(instance, ["x"], leaving.Token);
        await Rig.EventuallyAsync(() => instance.State.Status == ProcessingStatus.ComputingEmbedding);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        var (cat, kitten, car) = (Embedder.Embed("the small cat"), Embedder.Embed("a small cat"), Embedder.Embed("engines need oil"));
        Assert.True(Dot(cat, kitten) > Dot(cat, car));
        Assert.Equal(1, Dot(cat, cat), 3);
    }

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    private static float Dot(float[] left, float[] right) => left.Zip(right, (a, b) => a * b).Sum();

    private static GenerationRequest Say(string text) => new() { Messages = [new PromptMessage("user", text)] };

    private Task<LoadedInstance> InstanceAsync() =>
        _studio.Loading.GetOrLoadInstanceAsync(new LoadRequest { ModelKey = Rig.Qwen }, TestContext.Current.CancellationToken);

    private async Task<List<GenerationEvent>> GenerateAsync(GenerationRequest request)
    {
        var events = new List<GenerationEvent>();
        await foreach (var step in _studio.Generator.GenerateAsync(await InstanceAsync(), request, TestContext.Current.CancellationToken)) events.Add(step);
        return events;
    }
}
