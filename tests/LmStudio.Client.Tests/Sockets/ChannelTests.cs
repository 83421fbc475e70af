using System.Text.Json;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Sockets;

public sealed class ChannelTests
{
    private const string Instance = """{"type":"llm","modelKey":"k","identifier":"i","instanceReference":"r"}""";
    private const string Success = $$"""{"type":"success","info":{{Instance}}}""";
    private static readonly LoadModelRequest Load = new() { ModelKey = "k" };
    private static readonly PredictionRequest Prediction = new() { Model = ModelSpecifier.Any, History = ChatHistory.FromUser("hi") };

    [Fact]
    public async Task A_server_that_dies_in_the_middle_of_a_load_fails_it()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, """{"type":"progress","progress":0.5}""");
            socket.Abort();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioConnectionException>(() => client.Llm.LoadModelAsync(Load));
    }

    [Fact]
    public async Task A_channel_that_closes_before_its_result_is_a_protocol_error()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.CloseChannelAsync(await socket.ReceiveAsync());
            await socket.CloseChannelAsync(await socket.ReceiveAsync());
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.Llm.LoadModelAsync(Load));
        await Assert.ThrowsAsync<LmStudioProtocolException>(async () => await client.Llm.PredictAsync(Prediction).ToListAsync());
    }

    [Fact]
    public async Task A_channel_that_stays_silent_too_long_is_cancelled_and_fails()
    {
        var next = new TaskCompletionSource<JsonElement>();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.ReceiveAsync();
            next.SetResult(await socket.ReceiveAsync());
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, ChannelIdleTimeout = TimeSpan.FromMilliseconds(150) });
        var error = await Assert.ThrowsAsync<LmStudioTimeoutException>(() => client.Llm.LoadModelAsync(Load));
        Assert.Equal("loadModel", error.Endpoint);
        AssertCancel(await next.Task);
    }

    [Fact]
    public async Task Cancelling_a_prediction_sends_cancel_and_releases_the_caller()
    {
        var next = new TaskCompletionSource<JsonElement>();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, """{"type":"fragment","fragment":{"content":"1"}}""");
            next.SetResult(await socket.ReceiveAsync());
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        using var leaving = new CancellationTokenSource();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.Llm.PredictAsync(Prediction, leaving.Token))
            {
                seen++;
                await leaving.CancelAsync();
            }
        });
        Assert.Equal(1, seen);
        AssertCancel(await next.Task);
    }

    [Fact]
    public async Task Leaving_a_prediction_early_sends_cancel_and_a_finished_one_sends_nothing()
    {
        var frames = new List<JsonElement>();
        var done = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.MessageAsync(await socket.ReceiveAsync(), """{"type":"success","stats":{"stopReason":"eosFound"}}""");
            await socket.MessageAsync(await socket.ReceiveAsync(), """{"type":"fragment","fragment":{"content":"1"}}""");
            frames.Add(await socket.ReceiveAsync());
            done.SetResult();
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        await client.Llm.PredictAsync(Prediction).ToListAsync();
        await foreach (var _ in client.Llm.PredictAsync(Prediction)) break;
        await done.Task;
        Assert.Equal("""{"type":"channelSend","channelId":1,"message":{"type":"cancel"}}""", Assert.Single(frames).GetRawText());
    }

    [Fact]
    public async Task Cancelling_a_load_sends_cancel_and_waits_for_LM_Studio_to_end_it()
    {
        var ended = false;
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, """{"type":"progress","progress":0.25}""");
            AssertCancel(await socket.ReceiveAsync());
            await socket.MessageAsync(create, """{"type":"progress","progress":0.5}""");
            ended = true;
            await socket.SendAsync("""{"type":"channelError","channelId":0,"error":{"title":"Operation canceled."}}""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, CancelTimeout = TimeSpan.FromSeconds(30) });
        using var leaving = new CancellationTokenSource();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.Llm.LoadModelAsync(Load, new CancelAtFirst(leaving), leaving.Token));
        Assert.Equal(leaving.Token, error.CancellationToken);
        Assert.True(ended);
    }

    [Fact]
    public async Task A_load_that_succeeds_while_it_is_being_cancelled_is_returned_so_that_nobody_forgets_it()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, """{"type":"progress","progress":1}""");
            AssertCancel(await socket.ReceiveAsync());
            await socket.MessageAsync(create, Success);
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, CancelTimeout = TimeSpan.FromSeconds(30) });
        using var leaving = new CancellationTokenSource();
        var loaded = await client.Llm.LoadModelAsync(Load, new CancelAtFirst(leaving), leaving.Token);
        Assert.Equal("i", loaded.Instance.Identifier);
    }

    [Fact]
    public async Task A_cancelled_load_that_LM_Studio_does_not_end_releases_the_caller_all_the_same()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            while (true)
            {
                await socket.MessageAsync(create, """{"type":"progress","progress":0.1}""");
                await Task.Delay(5, socket.Ending);
            }
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, CancelTimeout = TimeSpan.FromMilliseconds(200) });
        using var leaving = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Llm.LoadModelAsync(Load, new CancelAtFirst(leaving), leaving.Token));
    }

    [Theory]
    [InlineData("""{"type":"rpcError","callId":1,"error":{"title":"no"}}""")]
    [InlineData("""{"type":"rpcResult","callId":1,"result":5}""")]
    public async Task A_load_whose_configuration_cannot_be_read_back_is_a_load_all_the_same(string answer)
    {
        var warnings = new List<LmStudioWarning>();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            await socket.MessageAsync(await socket.ReceiveAsync(), Success);
            await socket.ReceiveAsync();
            await socket.SendAsync(answer);
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address, OnWarning = warnings.Add });
        var loaded = await client.Llm.LoadModelAsync(Load with { Configuration = new() { ContextLength = 4096 } });
        Assert.Equal("i", loaded.Instance.Identifier);
        Assert.Null(loaded.EffectiveConfiguration);
        Assert.Single(warnings);
    }

    [Fact]
    public async Task An_embedding_load_reports_the_settings_that_embedding_models_do_not_have()
    {
        await using var server = await ScriptedServer.StartAsync("/embedding", async socket =>
        {
            await socket.MessageAsync(await socket.ReceiveAsync(), Success);
            await socket.ResultAsync(await socket.ReceiveAsync(), """{"fields":[{"key":"embedding.load.contextLength","value":2048}]}""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var loaded = await client.Embedding.LoadModelAsync(Load with { Configuration = new() { ContextLength = 4096, FlashAttention = true } });
        Assert.Equal(["flashAttention", "contextLength"], loaded.NotApplied.Select(item => item.Name));
    }

    [Fact]
    public async Task Get_or_load_tells_what_is_unloaded_and_what_is_loaded()
    {
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var create = await socket.ReceiveAsync();
            await socket.MessageAsync(create, $$"""{"type":"unloadingOtherJITModel","info":{{Instance}}}""");
            await socket.MessageAsync(create, """{"type":"startLoading","identifier":"k","info":{"type":"llm","modelKey":"k"}}""");
            await socket.MessageAsync(create, """{"type":"loadProgress","progress":0.5}""");
            await socket.MessageAsync(create, """{"type":"somethingNew"}""");
            await socket.MessageAsync(create, $$"""{"type":"loadSuccess","info":{{Instance}}}""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var events = new EventList<LoadEvent>();
        var loaded = await client.Llm.GetOrLoadAsync(new() { Identifier = "k" }, events);
        Assert.False(loaded.WasLoaded);
        Assert.Equal([typeof(LoadEvent.UnloadingOther), typeof(LoadEvent.Started), typeof(LoadEvent.Progressed)], events.Items.Select(e => e.GetType()));
    }

    [Fact]
    public async Task A_refusal_fails_only_the_channel_that_LM_Studio_has_not_answered_yet()
    {
        const string Warning = """{"type":"communicationWarning","warning":"Received invalid creationParameter for channel, endpointName = loadModel, creationParameter = {}","kind":"channelCreationParameterTypeError"}""";
        var refused = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync("/llm", async socket =>
        {
            var first = await socket.ReceiveAsync();
            await socket.MessageAsync(first, """{"type":"progress","progress":0.1}""");
            await socket.ReceiveAsync();
            await socket.SendAsync(Warning);
            await refused.Task;
            await socket.MessageAsync(first, Success);
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var progressed = new TaskCompletionSource();
        var good = client.Llm.LoadModelAsync(Load, new Signal(progressed));
        await progressed.Task;
        await Assert.ThrowsAsync<LmStudioProtocolException>(() => client.Llm.LoadModelAsync(Load));
        refused.SetResult();
        Assert.Equal("i", (await good).Instance.Identifier);
    }

    [Fact]
    public async Task A_download_is_cancelled_with_the_word_of_its_stage()
    {
        var words = new List<string?>();
        await using var server = await ScriptedServer.StartAsync("/repository", async socket =>
        {
            var planned = await socket.ReceiveAsync();
            await socket.MessageAsync(planned, """{"type":"planUpdated","plan":{"nodes":[],"version":1}}""");
            words.Add(Word(await socket.ReceiveAsync()));
            await socket.CloseChannelAsync(planned);

            var committed = await socket.ReceiveAsync();
            await socket.MessageAsync(committed, """{"type":"planReady","plan":{"nodes":[],"downloadAction":"startNewDownload","version":1}}""");
            words.Add(Word(await socket.ReceiveAsync()));
            await socket.MessageAsync(committed, """{"type":"downloadProgress","update":{"downloadedBytes":1,"totalBytes":2,"speedBytesPerSecond":1}}""");
            words.Add(Word(await socket.ReceiveAsync()));
            await socket.CloseChannelAsync(committed);
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        foreach (var stage in new[] { typeof(DownloadEvent.Planned), typeof(DownloadEvent.Progressed) })
        {
            using var leaving = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.Repository.DownloadAsync(
                DownloadTarget.Catalog("a", "b"), new CancelAt(stage, leaving), leaving.Token));
        }

        Assert.Equal(["cancelPlan", "commit", "cancelDownload"], words);

        static string? Word(JsonElement frame) => frame.GetProperty("message").GetProperty("type").GetString();
    }

    [Fact]
    public async Task A_plan_with_nothing_to_do_and_a_plan_for_another_variant_are_not_committed()
    {
        const string Plan = """{"type":"planReady","plan":{"nodes":[{"type":"model","selected":{"quantName":"Q4_K_M"}}],"downloadAction":"none","version":1}}""";
        await using var server = await ScriptedServer.StartAsync("/repository", async socket =>
        {
            for (var i = 0; i < 2; i++)
            {
                await socket.MessageAsync(await socket.ReceiveAsync(), Plan);
                Assert.Equal("cancelPlan", (await socket.ReceiveAsync()).GetProperty("message").GetProperty("type").GetString());
            }

            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var target = DownloadTarget.HuggingFace("a", "b");
        Assert.False(await client.Repository.DownloadAsync(target with { Quantization = "q4_k_m" }));
        var error = await Assert.ThrowsAsync<LmStudioRequestException>(() => client.Repository.DownloadAsync(target with { Quantization = "Q9_X" }));
        Assert.Equal("Cannot find variant Q9_X.", error.Message);
    }

    private static void AssertCancel(JsonElement frame) =>
        Assert.Equal("""{"type":"channelSend","channelId":0,"message":{"type":"cancel"}}""", frame.GetRawText());

    private sealed class CancelAtFirst(CancellationTokenSource source) : IProgress<LoadEvent>
    {
        public void Report(LoadEvent value) => source.Cancel();
    }

    private sealed class CancelAt(Type stage, CancellationTokenSource source) : IProgress<DownloadEvent>
    {
        public void Report(DownloadEvent value)
        {
            if (value.GetType() == stage) source.Cancel();
        }
    }

    private sealed class Signal(TaskCompletionSource reported) : IProgress<LoadEvent>
    {
        public void Report(LoadEvent value) => reported.TrySetResult();
    }
}
