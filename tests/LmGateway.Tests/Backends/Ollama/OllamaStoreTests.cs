using LmGateway.Backends;
using LmGateway.Vocabulary;
using Ollama.StandIn;
using Xunit;

namespace LmGateway.Tests.Backends.Ollama;

/// <summary>What is in Ollama's store and in its memory, and how it gets there and away.</summary>
public sealed class OllamaStoreTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("req", "S3-10")]
    [Trait("req", "S3-18")]
    [Trait("req", "S3-19")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_list_tells_what_each_model_can_do_on_servers_new_and_old(bool recent)
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { Models = ["llama3.2:3b", "llava", "nomic-embed-text", "hf.co/unsloth/SmolLM3-3B-128K-GGUF"], Recent = recent });
        var models = (await rig.Backend.ReportAsync(Cancelled)).Models.ToDictionary(model => model.Key);
        Assert.Equal(["hf.co/unsloth/SmolLM3-3B-128K-GGUF:latest", "llama3.2:3b", "llava:latest", "nomic-embed-text:latest"], models.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((ModelType.Llm, true, false), (models["llama3.2:3b"].Type, models["llama3.2:3b"].ToolUse, models["llama3.2:3b"].Vision));
        Assert.True(models["llava:latest"].Vision);
        Assert.Equal(ModelType.Embedding, models["nomic-embed-text:latest"].Type);
        Assert.Equal(131_072, models["llama3.2:3b"].MaxContextLength);
        Assert.Equal(("Q4_K_M", "3.2B", "gguf"), (models["llama3.2:3b"].Quantization, models["llama3.2:3b"].Parameters, models["llama3.2:3b"].Format));
        Assert.Equal("unsloth", models["hf.co/unsloth/SmolLM3-3B-128K-GGUF:latest"].Publisher);
    }

    [Fact]
    public async Task An_old_server_is_asked_about_each_model_once()
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { Models = ["one", "two"], Recent = false });
        await rig.Backend.ReportAsync(Cancelled);
        await rig.Backend.ReportAsync(Cancelled);
        Assert.Equal(2, rig.State.Requests.Count(request => request == "POST /api/show"));
    }

    [Fact]
    [Trait("req", "S3-09")]
    public async Task The_report_names_version_and_control()
    {
        await using var rig = await OllamaRig.StartAsync();
        var report = await rig.Backend.ReportAsync(Cancelled);
        Assert.Equal("0.32.15", report.Version);
        Assert.True(report.Control is { WebSocket: false, Rest: true, CanLoadOnDemand: true });
        Assert.Empty(report.Models);
    }

    [Fact]
    [Trait("req", "S3-12")]
    [Trait("req", "S3-13")]
    public async Task A_load_is_a_request_without_a_prompt_and_what_is_loaded_is_listed()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2:3b");
        var loaded = await rig.Backend.LoadAsync(new LoadOrder("llama3.2:3b") { Ttl = TimeSpan.FromMinutes(2) }, null, Cancelled);
        Assert.Equal(("llama3.2:3b", 4096, false), (loaded.Instance.Identifier, loaded.Instance.ContextLength, loaded.WasLoaded));
        Assert.Contains("POST /api/generate", rig.State.Requests);
        Assert.Equal("""{"model":"llama3.2:3b","keep_alive":120,"stream":false}""", rig.State.Bodies.Single());
        Assert.Equal("llama3.2:3b", Assert.Single((await rig.Backend.ReportAsync(Cancelled)).Instances).ModelKey);
        Assert.True((await rig.Backend.LoadAsync(new LoadOrder("llama3.2:3b"), null, Cancelled)).WasLoaded);
        Assert.Contains("\"keep_alive\":-1", rig.State.Bodies.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_only_embeds_is_loaded_by_embedding_nothing()
    {
        await using var rig = await OllamaRig.StartAsync("nomic-embed-text");
        var loaded = await rig.Backend.LoadAsync(new LoadOrder("nomic-embed-text:latest"), null, Cancelled);
        Assert.Equal(ModelType.Embedding, loaded.Instance.Type);
        Assert.Contains("POST /api/embed", rig.State.Requests);
    }

    [Fact]
    public async Task What_a_load_cannot_hold_is_told()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2:3b");
        var order = new LoadOrder("llama3.2:3b") { Identifier = "mine", Settings = new LoadSettings { ContextLength = 8192, GpuLayers = 10 } };
        var loaded = await rig.Backend.LoadAsync(order, null, Cancelled);
        Assert.Equal(["instanceId mine", "contextLength 8192", "gpu.layers 10"], loaded.NotApplied.Select(item => $"{item.Parameter} {item.Requested}"));
    }

    [Fact]
    public async Task An_unload_returns_when_the_model_is_no_longer_listed()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2:3b");
        rig.State.Faults.LingeringLooks = 3;
        await rig.Backend.LoadAsync(new LoadOrder("llama3.2:3b"), null, Cancelled);
        await rig.Backend.UnloadAsync("llama3.2:3b", Cancelled);
        Assert.Empty(rig.State.Running);
    }

    [Theory]
    [InlineData("llama-server process has terminated: exit status 2", ErrorCode.LoadFailed)]
    [InlineData("model requires more system memory (9.1 GiB) than is available (3.2 GiB)", ErrorCode.InsufficientMemory)]
    public async Task A_load_that_fails_says_why(string text, object code)
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2:3b");
        rig.State.Faults.Load = text;
        var failure = await Assert.ThrowsAsync<GatewayException>(() => rig.Backend.LoadAsync(new LoadOrder("llama3.2:3b"), null, Cancelled));
        Assert.Equal(((ErrorCode)code, text), (failure.Error.Code, failure.Error.Message));
    }

    [Fact]
    public async Task Loading_what_is_not_there_is_not_found()
    {
        await using var rig = await OllamaRig.StartAsync();
        var failure = await Assert.ThrowsAsync<GatewayException>(() => rig.Backend.LoadAsync(new LoadOrder("nope"), null, Cancelled));
        Assert.Equal(ErrorCode.ModelNotFound, failure.Error.Code);
    }

    [Fact]
    [Trait("req", "S3-11")]
    [Trait("req", "S3-34")]
    public async Task A_pull_tells_of_its_progress_summed_over_the_layers()
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { PieceBytes = 5 });
        var seen = new Seen();
        Assert.False((await rig.Backend.PullAsync(new PullOrder("hf.co/unsloth/SmolLM3-3B-128K-GGUF"), seen, Cancelled)).WasThere);
        Assert.NotNull(rig.State.Find("hf.co/unsloth/SmolLM3-3B-128K-GGUF"));
        Assert.Equal(("pulling manifest", null), (seen.All[0].Message, seen.All[0].Total));
        Assert.Contains(seen.All, step => step is { Bytes: 1_000_000, Total: 2_000_000 });
        Assert.Equal((2_001_000L, (long?)2_001_000L, "success"), (seen.All[^1].Bytes, seen.All[^1].Total, seen.All[^1].Message));
        Assert.True((await rig.Backend.PullAsync(new PullOrder("hf.co/unsloth/SmolLM3-3B-128K-GGUF"), seen, Cancelled)).WasThere);
    }

    [Theory]
    [InlineData("no-such-model", null, ErrorCode.ModelNotFound)]
    [InlineData("bad name!", null, ErrorCode.ModelNotFound)]
    [InlineData("known", "max retries exceeded: connection reset", ErrorCode.TransferFailed)]
    [InlineData("known", "write /models/blobs/x: no space left on device", ErrorCode.DiskFull)]
    public async Task A_pull_that_fails_in_the_middle_says_why(string model, string? fault, object code)
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { Pullable = ["known"] });
        rig.State.Faults.Pull = fault;
        var failure = await Assert.ThrowsAsync<GatewayException>(() => rig.Backend.PullAsync(new PullOrder(model), new Seen(), Cancelled));
        Assert.Equal((ErrorCode)code, failure.Error.Code);
        Assert.Empty(rig.State.Models);
    }

    [Fact]
    public async Task A_pull_that_is_left_ends()
    {
        await using var rig = await OllamaRig.StartAsync(new StandInOptions { PullPace = TimeSpan.FromMinutes(1) });
        using var leaving = new CancellationTokenSource();
        var pull = rig.Backend.PullAsync(new PullOrder("llama3.2"), new Seen(() => leaving.CancelAfter(TimeSpan.Zero)), leaving.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull);
        await Functional.Eventually.TrueAsync(() => rig.State.Cancels == 1, "the server sees it");
    }

    [Fact]
    public async Task A_model_is_deleted()
    {
        await using var rig = await OllamaRig.StartAsync("llama3.2:3b");
        await rig.Backend.DeleteAsync("llama3.2:3b", Cancelled);
        Assert.Empty(rig.State.Models);
        Assert.Equal(ErrorCode.ModelNotFound, (await Assert.ThrowsAsync<GatewayException>(() => rig.Backend.DeleteAsync("llama3.2:3b", Cancelled))).Error.Code);
    }

    private sealed class Seen(Action? told = null) : IProgress<PullProgress>
    {
        public List<PullProgress> All { get; } = [];

        public void Report(PullProgress value)
        {
            All.Add(value);
            told?.Invoke();
        }
    }
}
