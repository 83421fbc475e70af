using System.Text.Json;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

public sealed class PredictReplayTests
{
    private static readonly Recording Session = Recording.Load("lmstudio-sdk-2.0.0.jsonl");
    private static readonly ModelSpecifier Instance = ModelSpecifier.Instance("inst-1");

    [Fact]
    public async Task A_prediction_with_settings_streams_progress_fragments_and_the_end()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 5));
        var events = await CollectAsync(replay.Client.Llm.PredictAsync(new PredictionRequest
        {
            Model = Instance,
            History = new ChatHistory([ChatMessage.System("S"), ChatMessage.User("U")]),
            Configuration = new PredictionConfiguration
            {
                Temperature = 0.7,
                ContextOverflowPolicy = "stopAtLimit",
                MaxPredictedTokens = 100,
                StopStrings = ["END"],
                Structured = StructuredOutput.Json(JsonElement.Parse("""{"type":"object"}""")),
                TopKSampling = 20,
                RepeatPenalty = 1.05,
                MinPSampling = 0.02,
                TopPSampling = 0.9,
                CpuThreads = 6,
                DraftModel = "d",
            },
        }));

        Assert.Equal(new PredictionEvent.PromptProgress(1, new PromptTokens(0, 1, 1, 0)), events[0]);
        Assert.Equal(new PredictionEvent.Fragment("echo: ") { TokensCount = 1 }, events[1]);
        Assert.Equal(new PredictionEvent.Fragment("U") { TokensCount = 1 }, events[2]);
        var end = Assert.IsType<PredictionEvent.Finished>(events[3]);
        Assert.Equal(4, events.Count);
        Assert.Equal(StopReasons.EosFound, end.Stats.StopReason);
        Assert.Equal(50, end.Stats.TokensPerSecond);
        Assert.Equal(-1, end.Stats.NumGpuLayers);
        Assert.Equal(TimeSpan.FromMilliseconds(100), end.Stats.TimeToFirstToken);
        Assert.Equal(TimeSpan.FromMilliseconds(200), end.Stats.TotalTime);
        Assert.Equal((1, 2, 3), (end.Stats.PromptTokensCount!.Value, end.Stats.PredictedTokensCount!.Value, end.Stats.TotalTokensCount!.Value));
        Assert.Equal("my-id", end.Model!.Identifier);
        Assert.Equal(8192, end.LoadConfiguration!.Find("llm.load.contextLength")!.Value.GetInt32());
        Assert.Equal(0.7, end.PredictionConfiguration!.Find("llm.prediction.temperature")!.Value.GetDouble());
        await replay.EndAsync();
    }

    [Fact]
    public async Task Settings_that_are_switched_off_are_sent_as_LM_Studios_client_sends_them()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 6, 7));
        await CollectAsync(replay.Client.Llm.PredictAsync(new PredictionRequest { Model = Instance, History = ChatHistory.FromUser("hello") }));
        await CollectAsync(replay.Client.Llm.PredictAsync(new PredictionRequest
        {
            Model = Instance,
            History = ChatHistory.FromUser("hello"),
            Configuration = new PredictionConfiguration
            {
                MaxPredictedTokens = Checkable.Off(1),
                RepeatPenalty = Checkable.Off(1.1),
                MinPSampling = Checkable.Off(0.05),
                TopPSampling = Checkable.Off(0.95),
            },
        }));
        await replay.EndAsync();
    }

    [Fact]
    public async Task Raw_text_is_completed()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 8));
        Assert.Equal("echo: raw", TextOf(await CollectAsync(replay.Client.Llm.CompleteRawTextAsync(Instance, "raw"))));
        await replay.EndAsync();
    }

    [Fact]
    public async Task An_image_is_uploaded_and_shown_to_the_model()
    {
        await using var upload = await ReplayServer.StartAsync(Session.Only("/files", 0));
        var image = await upload.Client.Files.UploadFileAsync("a.png", Convert.FromBase64String("iVBORw0KGgo="));
        Assert.Equal(new UploadedFile("a.png", "1795226539671 - a.png", "image", 8), image);
        await upload.EndAsync();

        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 9));
        var events = await CollectAsync(replay.Client.Llm.PredictAsync(
            new PredictionRequest { Model = Instance, History = new ChatHistory([ChatMessage.User("what", image)]) }));
        Assert.Equal("echo: [file]what", TextOf(events));
        await replay.EndAsync();
    }

    [Fact]
    public async Task Tools_are_offered_in_LM_Studios_shape()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 10));
        var parameters = JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}""");
        await CollectAsync(replay.Client.Llm.PredictAsync(new PredictionRequest
        {
            Model = Instance,
            History = ChatHistory.FromUser("hi"),
            Configuration = new PredictionConfiguration { Tools = [new ToolDefinition("add", "d", parameters)] },
        }));
        await replay.EndAsync();
    }

    [Fact]
    public async Task Texts_are_tokenized_counted_and_templated()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/llm", 11, 12, 13));
        Assert.Equal([97, 98, 99], await replay.Client.Llm.TokenizeAsync(Instance, "abc"));
        Assert.Equal(3, await replay.Client.Llm.CountTokensAsync(Instance, "abc"));
        Assert.Equal("<|user|>x", await replay.Client.Llm.ApplyPromptTemplateAsync(Instance, ChatHistory.FromUser("x")));
        await replay.EndAsync();
    }

    private static string TextOf(IEnumerable<PredictionEvent> events) =>
        string.Concat(events.OfType<PredictionEvent.Fragment>().Select(fragment => fragment.Content));

    private static async Task<List<PredictionEvent>> CollectAsync(IAsyncEnumerable<PredictionEvent> stream) => await stream.ToListAsync();
}
