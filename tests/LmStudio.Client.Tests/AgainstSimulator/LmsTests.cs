using LmStudio.Client.Cli;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Client.Tests.AgainstSimulator;

/// <summary>The wrapper of <c>lms</c> runs the simulator's stand-in for it, as a process, against a running simulator.</summary>
public sealed class LmsTests
{
    private const string Llama = "https://huggingface.co/meta-llama/Meta-Llama-3-8B-Instruct";

    [Fact]
    public async Task The_program_tells_its_version_and_the_state_of_LM_Studio_and_its_server()
    {
        await using var rig = await LmsRig.StartAsync();
        Assert.Matches("^[0-9a-f]{40}$", await rig.Lms.GetVersionAsync());
        var daemon = await rig.Lms.GetDaemonStatusAsync();
        Assert.Equal((true, Environment.ProcessId, true), (daemon.IsRunning, daemon.Pid, daemon.IsDaemon));
        Assert.Equal(new LmsServerStatus(IsRunning: true, rig.Port), await rig.Lms.GetServerStatusAsync());
    }

    [Fact]
    public async Task The_server_is_stopped_and_started()
    {
        await using var rig = await LmsRig.StartAsync(change: options => options with { MayStartLmStudio = true });
        Assert.True(await rig.Lms.StopServerAsync());
        Assert.False(rig.Studio.HttpServerRunning);
        Assert.Equal(new LmsServerStatus(IsRunning: false, rig.Port), await rig.Lms.GetServerStatusAsync());
        Assert.False(await rig.Lms.StopServerAsync());
        Assert.Equal(rig.Port, await rig.Lms.StartServerAsync());
        Assert.Equal(rig.Port, await rig.Lms.StartServerAsync(new HttpServerSettings { Port = rig.Port, Cors = true, NetworkInterface = "127.0.0.1" }));
        Assert.True((await rig.Lms.GetServerStatusAsync()).IsRunning);
    }

    [Fact]
    public async Task Downloaded_models_are_those_that_the_WebSocket_lists()
    {
        await using var rig = await LmsRig.StartAsync();
        await using var client = new LmStudioClient(new LmStudioClientOptions { BaseAddress = rig.Address });
        var listed = await client.System.ListDownloadedModelsAsync();
        var printed = await rig.Lms.ListModelsAsync();
        Assert.Equal(listed.Select(Plain), printed.Select(Plain));

        // The lists inside a record are compared by reference.
        static (ModelInfo, string) Plain(ModelInfo model) => (model with { Variants = [] }, string.Join(',', model.Variants));
    }

    [Fact]
    public async Task A_model_is_loaded_with_its_settings_and_progress_then_listed_and_unloaded()
    {
        await using var rig = await LmsRig.StartAsync(Rig.Quick with { LoadTime = TimeSpan.FromMilliseconds(300) });
        var progress = new EventList<double>();
        var load = new LmsLoad
        {
            ModelKey = Rig.Qwen, Identifier = "mine", GpuOffloadRatio = 0.5, ContextLength = 8192, Parallel = 2, TimeToLive = TimeSpan.FromMinutes(10),
        };
        var loaded = await rig.Lms.LoadAsync(load, progress);
        Assert.Equal(("mine", Rig.Qwen, 8192, 2, "idle", 0), (loaded.Identifier, loaded.ModelKey, loaded.ContextLength, loaded.Parallel, loaded.Status, loaded.Queued));
        Assert.Equal(TimeSpan.FromMinutes(10), loaded.TimeToLive);
        Assert.Equal(0.5, rig.Studio.Instances.ByIdentifier("mine")!.LoadConfig["llm.load.llama.acceleration.offloadRatio"]!.Value.GetDouble());
        Assert.Equal(1, progress.Items[^1]);
        Assert.Equal(progress.Items.Order().Distinct(), progress.Items);

        Assert.Equal("mine", Assert.Single(await rig.Lms.ListLoadedAsync()).Identifier);
        await rig.Lms.UnloadAsync("mine");
        Assert.Empty(rig.Studio.Instances.All);
        Assert.Equal(LmsFailure.IdentifierNotFound, (await Assert.ThrowsAsync<LmsException>(() => rig.Lms.UnloadAsync("mine"))).Failure);
    }

    [Fact]
    public async Task The_key_is_taken_exactly_although_lms_would_take_the_nearest()
    {
        await using var rig = await LmsRig.StartAsync(Rig.Quick with { ExtraModels = ["a-qwen2-1.5b-instruct-tuned", "text-embedding-small"] });
        Assert.Equal("qwen2-1.5b-instruct", (await rig.Lms.LoadAsync(new LmsLoad { ModelKey = "qwen2-1.5b-instruct" })).ModelKey);
        var embedding = await rig.Lms.LoadAsync(new LmsLoad { ModelKey = "text-embedding-small", ContextLength = 512 });
        Assert.Equal((512, null, true), (embedding.ContextLength, embedding.Parallel, embedding.IsEmbedding));
        Assert.Equal(LmsFailure.ModelNotFound, (await Assert.ThrowsAsync<LmsException>(() => rig.Lms.LoadAsync(new LmsLoad { ModelKey = "qwen2" }))).Failure);

        await rig.Lms.UnloadAllAsync();
        Assert.Empty(rig.Studio.Instances.All);
        await rig.Lms.UnloadAllAsync();
    }

    [Fact]
    public async Task The_selected_variant_is_loaded_by_the_models_own_key_because_lms_knows_no_other()
    {
        await using var rig = await LmsRig.StartAsync();
        var loaded = await rig.Lms.LoadAsync(new LmsLoad { ModelKey = Rig.Qwen + "@q4_k_m" });
        Assert.Equal((Rig.Qwen, Rig.Qwen + "@q4_k_m"), (loaded.Identifier, loaded.SelectedVariant));
        var error = await Assert.ThrowsAsync<LmsException>(() => rig.Lms.LoadAsync(new LmsLoad { ModelKey = Rig.Qwen + "@q8_0" }));
        Assert.Equal(LmsFailure.ModelNotFound, error.Failure);
    }

    [Fact]
    public async Task A_load_that_LM_Studio_refuses_fails_in_its_words()
    {
        await using var rig = await LmsRig.StartAsync();
        await rig.Lms.LoadAsync(new LmsLoad { ModelKey = Rig.Granite, Identifier = "mine" });
        var taken = await Assert.ThrowsAsync<LmsException>(() => rig.Lms.LoadAsync(new LmsLoad { ModelKey = Rig.Granite, Identifier = "mine" }));
        Assert.Equal((LmsFailure.Failed, 1), (taken.Failure, taken.ExitCode));
        Assert.Contains("already exists", taken.Message, StringComparison.Ordinal);
        rig.Studio.Change(settings => settings with { MemoryModels = 1 });
        var full = await Assert.ThrowsAsync<LmsException>(() => rig.Lms.LoadAsync(new LmsLoad { ModelKey = Rig.Granite }));
        Assert.StartsWith("Error loading model.", full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_got_with_progress_once()
    {
        await using var rig = await LmsRig.StartAsync(Rig.Quick with { DownloadTime = TimeSpan.FromMilliseconds(300) });
        var progress = new EventList<LmsDownloadProgress>();
        Assert.Equal(LmsDownloadOutcome.Downloaded, await rig.Lms.GetAsync(Llama + "@q4_k_m", progress));
        Assert.Equal((100, 4_920_000_000, 4_920_000_000), (progress.Items[^1].Percent, progress.Items[^1].DownloadedBytes, progress.Items[^1].TotalBytes));
        Assert.Equal(progress.Items.Select(step => step.Percent).Order(), progress.Items.Select(step => step.Percent));
        Assert.Contains(await rig.Lms.ListModelsAsync(), model => model.Publisher == "meta-llama");
        Assert.Equal(LmsDownloadOutcome.AlreadyDownloaded, await rig.Lms.GetAsync(Llama));
        Assert.Equal(LmsDownloadOutcome.Downloaded, await rig.Lms.GetAsync("openai/gpt-oss-20b"));
    }

    [Theory]
    [InlineData(Llama + "@Q9_X", "Cannot find variant Q9_X.")]
    [InlineData("no/body", "Cannot find a model to download by the name \"no/body\".")]
    [InlineData("nothing like it", "No staff picks found with the specified search criteria.")]
    public async Task What_cannot_be_got_is_said_in_lmss_words(string name, string message)
    {
        await using var rig = await LmsRig.StartAsync();
        var error = await Assert.ThrowsAsync<LmsException>(() => rig.Lms.GetAsync(name));
        Assert.Equal((LmsFailure.Failed, message), (error.Failure, error.Message));
        Assert.Empty(rig.Studio.Downloads.Jobs);
    }

    [Theory]
    [InlineData(LmsImportMode.Copy)]
    [InlineData(LmsImportMode.HardLink)]
    [InlineData(LmsImportMode.SymbolicLink)]
    public async Task An_imported_file_is_a_model_under_its_folders_name(LmsImportMode mode)
    {
        await using var rig = await LmsRig.StartAsync();
        var file = Path.Combine(rig.Home, "some-Q8_0.gguf");
        await File.WriteAllTextAsync(file, "weights");
        var path = await rig.Lms.ImportAsync(file, "acme/Tiny-GGUF", mode);
        Assert.Equal(Path.Combine(rig.Studio.Models.Root, "acme", "Tiny-GGUF", "some-Q8_0.gguf"), path);
        Assert.Equal("weights", await File.ReadAllTextAsync(path!));
        Assert.True(File.Exists(file));
        Assert.Contains(await rig.Lms.ListModelsAsync(), model => model.ModelKey == "tiny");

        var error = await Assert.ThrowsAsync<LmsException>(() => rig.Lms.ImportAsync(file, "acme/Tiny-GGUF", mode));
        Assert.Contains("already exists", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LmsException>(() => rig.Lms.ImportAsync(file + ".missing", "acme/Tiny-GGUF", mode));
    }

    [Fact]
    public async Task Commands_go_to_the_server_that_is_named()
    {
        await using var rig = await LmsRig.StartAsync();
        await using var other = await Rig.StartAsync();
        var lms = new LmsCli(rig.Options with { Server = other.Server.Address });
        await lms.LoadAsync(new LmsLoad { ModelKey = Rig.Granite });
        Assert.Single(await lms.ListLoadedAsync());
        Assert.Single(other.Studio.Instances.All);
        Assert.Empty(rig.Studio.Instances.All);

        other.Studio.HttpServerRunning = false;
        var error = await Assert.ThrowsAsync<LmsException>(() => lms.ListLoadedAsync());
        Assert.StartsWith("The server does not appear to be running at 127.0.0.1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_LM_Studio_the_states_are_told_and_everything_else_is_refused()
    {
        using var standIn = new LmsStandIn();
        var lms = new LmsCli(new LmsCliOptions { Program = standIn.Program, HomeFolder = standIn.LmStudioHome });
        Assert.Equal(new LmsServerStatus(IsRunning: false, Port: null), await lms.GetServerStatusAsync());
        Assert.False((await lms.GetDaemonStatusAsync()).IsRunning);
        Assert.False(await lms.StopServerAsync());
        var awake = new LmsCli(new LmsCliOptions { Program = standIn.Program, HomeFolder = standIn.LmStudioHome, MayStartLmStudio = true });
        var error = await Assert.ThrowsAsync<LmsException>(() => awake.ListModelsAsync());
        Assert.Equal("Failed to start or connect to local LM Studio API server.", error.Message);
    }

    private sealed class LmsRig : IAsyncDisposable
    {
        private readonly SimulatorServer server;
        private readonly LmsStandIn standIn = new();

        private LmsRig(SimulatorServer server, Func<LmsCliOptions, LmsCliOptions>? change)
        {
            this.server = server;
            new LmStudio.Simulator.Lms.LmStudioHome(standIn.LmStudioHome).Write(Port, Studio.Models.Root);
            var options = new LmsCliOptions { Program = standIn.Program, HomeFolder = standIn.LmStudioHome };
            Options = change?.Invoke(options) ?? options;
            Lms = new LmsCli(Options);
        }

        public SimulatedLmStudio Studio => server.State;

        public Uri Address => server.Address;

        public int Port => server.Address.Port;

        public string Home => standIn.UserHome;

        public LmsCliOptions Options { get; }

        public LmsCli Lms { get; }

        public static async Task<LmsRig> StartAsync(SimulatorOptions? options = null, Func<LmsCliOptions, LmsCliOptions>? change = null) =>
            new(await SimulatorServer.StartAsync(options ?? Rig.Quick), change);

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            standIn.Dispose();
        }
    }
}
