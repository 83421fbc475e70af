using System.Text.Json;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

public sealed class PredictTests
{
    private const string Png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAACklEQVR4nGMAAQAABQABDQottAAAAABJRU5ErkJggg==";

    [Fact]
    public async Task An_answer_streams_token_by_token_between_prompt_progress_and_the_figures()
    {
        await using var rig = await Rig.StartAsync();
        var instance = await rig.LoadAsync(Rig.Granite);
        var events = await rig.Predict(instance, "count to 5").ToListAsync();

        Assert.Equal("1, 2, 3, 4, 5", events.Text());
        var progress = events.OfType<PredictionEvent.PromptProgress>().ToList();
        Assert.Equal((0, 1), (progress[0].Fraction, progress[^1].Fraction));
        Assert.Equal(progress[^1].Tokens!.Total, progress[^1].Tokens!.Processed);
        Assert.Equal([1, 1, 1, 1, 1], events.OfType<PredictionEvent.Fragment>().Select(fragment => fragment.TokensCount));

        var end = Assert.IsType<PredictionEvent.Finished>(events[^1]);
        Assert.Equal((StopReasons.EosFound, 5), (end.Stats.StopReason, end.Stats.PredictedTokensCount));
        Assert.Equal(progress[0].Tokens!.Total, end.Stats.PromptTokensCount);
        Assert.Equal(end.Stats.PromptTokensCount + 5, end.Stats.TotalTokensCount);
        Assert.True(end.Stats.TokensPerSecond > 0 && end.Stats.TotalTime >= end.Stats.TimeToFirstToken);
        Assert.Equal(instance.InstanceReference, end.Model!.InstanceReference);
        Assert.Equal(4096, end.LoadConfiguration!.Find("llm.load.contextLength")!.Value.GetInt32());
        Assert.NotNull((await rig.Client.Llm.GetModelInfoAsync(instance)).LastUsed);
        Assert.Equal((1, 0), (rig.Counters.PredictionsCompleted, rig.Counters.OpenStreams));
    }

    [Fact]
    public async Task Text_of_every_script_arrives_unharmed()
    {
        const string Text = "größer 👍🏽 日本 \"quoted\" \\ \t tab \u0000 nul \u2028 line </script>";
        await using var rig = await Rig.StartAsync();
        var events = await rig.Predict(await rig.LoadAsync(Rig.Granite), Text).ToListAsync();
        Assert.Equal("You said: " + Text, events.Text());
    }

    [Fact]
    public async Task The_limit_of_tokens_ends_the_answer()
    {
        var (text, stats) = await AnswerAsync(new PredictionConfiguration { MaxPredictedTokens = 3 });
        Assert.Equal("1, 2, 3", text);
        Assert.Equal((StopReasons.MaxPredictedTokensReached, 3), (stats.StopReason, stats.PredictedTokensCount));
    }

    [Fact]
    public async Task A_limit_that_is_switched_off_ends_nothing()
    {
        var (text, stats) = await AnswerAsync(new PredictionConfiguration { MaxPredictedTokens = Checkable.Off(3) });
        Assert.EndsWith("99, 100", text, StringComparison.Ordinal);
        Assert.Equal(StopReasons.EosFound, stats.StopReason);
    }

    [Fact]
    public async Task A_stop_string_ends_the_answer_before_it_and_is_named()
    {
        var (text, stats) = await AnswerAsync(new PredictionConfiguration { StopStrings = ["nothing", ", 4"] });
        Assert.Equal("1, 2, 3", text);
        Assert.Equal((StopReasons.StopStringFound, ", 4"), (stats.StopReason, stats.StopString));
    }

    [Fact]
    public async Task Structured_output_is_JSON_of_the_schema()
    {
        var schema = JsonElement.Parse("""{"type":"object","properties":{"city":{"type":"string"},"people":{"type":"integer"}},"required":["city","people"]}""");
        var (text, _) = await AnswerAsync(new PredictionConfiguration { Structured = StructuredOutput.Json(schema) });
        Assert.Equal(JsonValueKind.Number, JsonElement.Parse(text).GetProperty("people").ValueKind);
    }

    [Fact]
    public async Task A_full_context_ends_the_answer_and_a_prompt_over_it_is_refused()
    {
        await using var rig = await Rig.StartAsync();
        var loaded = await rig.Client.Llm.LoadModelAsync(
            new LoadModelRequest { ModelKey = Rig.Granite, Configuration = new LoadConfiguration { ContextLength = 64 } });
        var stats = (await rig.Predict(loaded.Instance, "count to 1000").ToListAsync()).Stats();
        Assert.Equal((StopReasons.ContextLengthReached, 64), (stats.StopReason, stats.TotalTokensCount));

        var error = await Assert.ThrowsAsync<LmStudioRequestException>(
            async () => await rig.Predict(loaded.Instance, string.Concat(Enumerable.Repeat("word ", 100))).ToListAsync());
        Assert.Contains("greater than the context length", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, rig.Counters.OpenStreams);
    }

    [Fact]
    public async Task Uploaded_images_are_seen()
    {
        await using var rig = await Rig.StartAsync();
        var content = Convert.FromBase64String(Png);
        var first = await rig.Client.Files.UploadFileAsync("a.png", content);
        var second = await rig.Client.Files.UploadFileBase64Async("b.png", Png);
        Assert.Equal(("a.png", "image", content.Length), (first.Name, first.FileType, first.SizeBytes));
        var request = new PredictionRequest
        {
            Model = await rig.LoadAsync(Rig.Vision),
            History = new ChatHistory([ChatMessage.System("Look."), ChatMessage.User("what?", first, second)]),
        };
        Assert.StartsWith(
            $"I see 2 images (image/png, {content.Length} bytes; image/png, {content.Length} bytes).",
            (await rig.Client.Llm.PredictAsync(request).ToListAsync()).Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_never_uploaded_is_refused()
    {
        await using var rig = await Rig.StartAsync();
        var request = new PredictionRequest
        {
            Model = await rig.LoadAsync(Rig.Vision),
            History = new ChatHistory([ChatMessage.User("what?", new UploadedFile("a.png", "missing", "image", 1))]),
        };
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(async () => await rig.Client.Llm.PredictAsync(request).ToListAsync());
        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_is_called_and_its_result_is_used()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Qwen);
        var parameters = JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}""");
        var configuration = new PredictionConfiguration { Tools = [new ToolDefinition("add", "Adds.", parameters)] };
        var question = ChatMessage.User("add 3 and 4");
        var asked = await PredictAsync([question]);

        var call = Assert.Single(asked.OfType<PredictionEvent.ToolCallEnded>()).Request;
        Assert.Equal("add", call.Name);
        Assert.Equal(call.Id, Assert.Single(asked.OfType<PredictionEvent.ToolCallStarted>()).ToolCallId);
        Assert.Equal("add", Assert.Single(asked.OfType<PredictionEvent.ToolCallNamed>()).Name);
        var spelled = string.Concat(asked.OfType<PredictionEvent.ToolCallArguments>().Select(piece => piece.Content));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(spelled), call.Arguments!.Value), spelled);
        Assert.Equal(StopReasons.ToolCalls, asked.Stats().StopReason);

        var answered = await PredictAsync([question, ChatMessage.Assistant("", call), ChatMessage.Tool(new ToolCallResult("7", call.Id, "add"))]);
        Assert.Equal("The tool answered: 7", answered.Text());

        async Task<List<PredictionEvent>> PredictAsync(ChatMessage[] messages) =>
            await rig.Client.Llm.PredictAsync(new PredictionRequest { Model = model, History = new ChatHistory(messages), Configuration = configuration }).ToListAsync();
    }

    [Theory]
    [InlineData("none", 0)]
    [InlineData("required", 1)]
    public async Task The_choice_of_tools_is_heeded(string choice, int calls)
    {
        await using var rig = await Rig.StartAsync();
        var configuration = new PredictionConfiguration { Tools = [new ToolDefinition("add")], ToolChoice = choice };
        var events = await rig.Predict(await rig.LoadAsync(Rig.Qwen), choice == "none" ? "add" : "hello", configuration).ToListAsync();
        Assert.Equal(calls, events.OfType<PredictionEvent.ToolCallEnded>().Count());
    }

    [Fact]
    public async Task Reasoning_comes_apart_from_the_answer_between_structural_tags()
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.Predict(await rig.LoadAsync(Rig.Qwen), "hello", new PredictionConfiguration { EnableThinking = true }).ToListAsync();
        var fragments = events.OfType<PredictionEvent.Fragment>().ToList();
        Assert.Equal((ReasoningType.StartTag, "<think>", true), (fragments[0].ReasoningType, fragments[0].Content, fragments[0].IsStructural));
        var thoughts = fragments.Skip(1).TakeWhile(fragment => fragment.ReasoningType == ReasoningType.Reasoning).ToList();
        Assert.NotEmpty(thoughts);
        Assert.Equal((ReasoningType.EndTag, true), (fragments[1 + thoughts.Count].ReasoningType, fragments[1 + thoughts.Count].IsStructural));
        var answer = fragments.Skip(2 + thoughts.Count).ToList();
        Assert.All(answer, fragment => Assert.Equal((ReasoningType.None, false), (fragment.ReasoningType, fragment.IsStructural)));
        Assert.Equal("You said: hello", answer.Text());
    }

    [Fact]
    public async Task Raw_text_is_completed_and_a_conversation_becomes_its_prompt()
    {
        await using var rig = await Rig.StartAsync();
        var model = await rig.LoadAsync(Rig.Granite);
        Assert.Equal("1, 2", (await rig.Client.Llm.CompleteRawTextAsync(model, "count to 2").ToListAsync()).Text());
        var history = new ChatHistory([ChatMessage.System("S"), ChatMessage.User("U")]);
        Assert.Equal("<|system|>S<|user|>U", await rig.Client.Llm.ApplyPromptTemplateAsync(model, history, new PromptTemplateOptions { OmitBosToken = true }));
    }

    [Fact]
    public async Task The_settings_that_predictions_start_from_are_read()
    {
        await using var rig = await Rig.StartAsync();
        var config = await rig.Client.Llm.GetBasePredictionConfigAsync(await rig.LoadAsync(Rig.Granite));
        Assert.Equal(0.8, config.Find("llm.prediction.temperature")!.Value.GetDouble());
    }

    private static async Task<(string Text, PredictionStats Stats)> AnswerAsync(PredictionConfiguration configuration)
    {
        await using var rig = await Rig.StartAsync();
        var events = await rig.Predict(await rig.LoadAsync(Rig.Granite), "count to 100", configuration).ToListAsync();
        return (events.Text(), events.Stats());
    }
}
