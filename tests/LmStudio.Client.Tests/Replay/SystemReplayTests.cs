using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;

namespace LmStudio.Client.Tests.Replay;

public sealed class SystemReplayTests
{
    private static readonly Recording Session = Recording.Load("lmstudio-sdk-2.0.0.jsonl");

    [Fact]
    public async Task The_version_is_read()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/system", 0));
        Assert.Equal(new LmStudioVersion("0.4.21", 2), await replay.Client.System.GetVersionAsync());
        await replay.EndAsync();
    }

    [Fact]
    public async Task Downloaded_models_of_both_kinds_are_listed_with_every_field()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/system", 1));
        var models = await replay.Client.System.ListDownloadedModelsAsync();
        Assert.Equal(["qwen/qwen3-4b", "text-embedding-nomic-embed-text-v1.5"], models.Select(model => model.ModelKey));

        var llm = models[0];
        Assert.Equal("llm", llm.Type);
        Assert.Equal("gguf", llm.Format);
        Assert.Equal("Qwen3 4B", llm.DisplayName);
        Assert.Equal("qwen", llm.Publisher);
        Assert.Equal("qwen/qwen3-4b", llm.Path);
        Assert.Equal(2497281120, llm.SizeBytes);
        Assert.Equal("qwen/qwen3-4b", llm.IndexedModelIdentifier);
        Assert.Null(llm.DeviceIdentifier);
        Assert.Equal("4B", llm.ParamsString);
        Assert.Equal("qwen3", llm.Architecture);
        Assert.Equal(new Quantization("Q4_K_M", 4), llm.Quantization);
        Assert.Equal(["qwen/qwen3-4b@q4_k_m"], llm.Variants);
        Assert.Equal("qwen/qwen3-4b@q4_k_m", llm.SelectedVariant);
        Assert.False(llm.Vision);
        Assert.True(llm.TrainedForToolUse);
        Assert.Equal(40960, llm.MaxContextLength);
        Assert.False(llm.IsEmbedding);
        Assert.True(models[1].IsEmbedding);
        Assert.Equal(2048, models[1].MaxContextLength);
        await replay.EndAsync();
    }

    [Fact]
    public async Task Notify_info_and_the_HTTP_server_are_called_as_LM_Studios_client_does()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/system", 2, 3, 4));
        await replay.Client.System.NotifyAsync("T", "D");
        var info = await replay.Client.System.GetInfoAsync();
        Assert.Equal(new LmStudioProcess(26171, true, "0.4.21+2"), info);
        await replay.Client.System.StartHttpServerAsync(new HttpServerSettings { Port = 1234, Cors = false, NetworkInterface = "127.0.0.1" });
        await replay.EndAsync();
    }

    [Fact]
    public async Task The_one_superjson_call_is_spoken()
    {
        await using var replay = await ReplayServer.StartAsync(Session.Only("/runtime", 0));
        Assert.Equal([new EngineSelection("GGUF", "llama.cpp-linux-x86_64-avx2", "2.31.2")], await replay.Client.Runtime.GetEngineSelectionsAsync());
        await replay.EndAsync();
    }

    [Fact]
    public async Task Hardware_and_engines_are_read()
    {
        await using var server = await ScriptedServer.StartAsync("/runtime", async socket =>
        {
            await socket.ResultAsync(await socket.ReceiveAsync(), """
                {"status":"ok","engines":[{"name":"e","memoryInfo":{"ramCapacity":64,"vramCapacity":24,"totalMemory":88},
                 "hardwareSurvey":{"gpuSurveyResult":{"result":{"code":"success"},"gpuInfo":[{"name":"G","deviceId":0,"totalMemoryCapacityBytes":24,"dedicatedMemoryCapacityBytes":20}]}}}]}
                """);
            await socket.ResultAsync(await socket.ReceiveAsync(), """[{"name":"e","version":"1","engine":"llama.cpp","platform":"linux","supportedModelFormatNames":["GGUF"]}]""");
            await socket.StaySilentAsync();
        });
        await using var client = new LmStudioClient(new() { BaseAddress = server.Address });
        var survey = Assert.Single(await client.Runtime.SurveyHardwareAsync());
        Assert.Equal((64L, 24L), (survey.RamBytes, survey.VramBytes));
        Assert.Equal(new Gpu("G", 0, 24, 20), Assert.Single(survey.Gpus));
        Assert.Equal(["GGUF"], Assert.Single(await client.Runtime.ListEnginesAsync()).ModelFormats);
    }
}
