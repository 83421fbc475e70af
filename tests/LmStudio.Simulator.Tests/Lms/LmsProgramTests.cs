using LmStudio.Simulator.Engine;
using LmStudio.Simulator.Lms;
using LmStudio.Simulator.Tests.WebSockets;
using Xunit;

namespace LmStudio.Simulator.Tests.Lms;

/// <summary>What the stand-in does beyond the recorded calls.</summary>
public sealed class LmsProgramTests : IAsyncDisposable
{
    private const string Llama = "https://huggingface.co/lmstudio-community/Llama-3.2-1B-Instruct-GGUF";

    private readonly UserHome _home = new();
    private RunningSimulator? _simulator;

    [Fact]
    public async Task The_models_in_memory_are_those_of_the_simulator()
    {
        await StartAsync();
        Assert.Equal(0, (await LmsAsync("load", RunningSimulator.Llm, "--identifier", "one", "--gpu", "max", "-c", "2048", "-y")).ExitCode);
        var instance = _simulator!.Studio.Instances.All.Single();
        Assert.Equal(("one", 2048, null), (instance.Identifier, instance.ContextLength, instance.Ttl));
        Assert.Equal(0, (await LmsAsync("unload", "one")).ExitCode);
        Assert.Empty(_simulator.Studio.Instances.All);
    }

    [Fact]
    public async Task A_key_is_matched_loosely_and_an_exact_one_wins()
    {
        await StartAsync(RunningSimulator.Fast with { ExtraModels = ["qwen/qwen3-4b-large"] });
        Assert.Equal(0, (await LmsAsync("load", "nomic", "-y")).ExitCode);
        Assert.Equal(0, (await LmsAsync("load", RunningSimulator.Llm, "-y")).ExitCode);
        var several = await LmsAsync("load", "qwen3", "-y");
        Assert.StartsWith("W 2 models match \"qwen3\".", several.Error, StringComparison.Ordinal);
        Assert.Equal([RunningSimulator.Embedding, RunningSimulator.Llm, $"{RunningSimulator.Llm}:2"], _simulator!.Studio.Instances.Identifiers());
        Assert.Equal(1, (await LmsAsync("load", "qwen3")).ExitCode);
        Assert.Equal(1, (await LmsAsync("load", "qwen3", "--exact", "-y")).ExitCode);
    }

    [Fact]
    public async Task A_load_that_fails_says_why()
    {
        await StartAsync(RunningSimulator.Fast with { MemoryModels = 0 });
        var run = await LmsAsync("load", RunningSimulator.Llm, "-y");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("Error: Error loading model.\n\nModel loading was stopped due to insufficient system resources.", run.Error, StringComparison.Ordinal);
        Assert.Contains("will fail to load", (await LmsAsync("load", RunningSimulator.Llm, "-y", "--estimate-only")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_argument_the_only_model_is_unloaded_and_several_cannot_be_chosen_from()
    {
        await StartAsync();
        await LmsAsync("load", RunningSimulator.Llm, "-y");
        Assert.Equal($"Model \"{RunningSimulator.Llm}\" unloaded.\n", (await LmsAsync("unload")).Error);
        await LmsAsync("load", RunningSimulator.Llm, "-y");
        await LmsAsync("load", RunningSimulator.Llm, "-y");
        Assert.Equal(1, (await LmsAsync("unload")).ExitCode);
        var both = await LmsAsync("unload", "x", "--all");
        Assert.Equal((0, 2), (both.ExitCode, _simulator!.Studio.Instances.All.Count));
        Assert.EndsWith("Unloaded 2 models.\n", (await LmsAsync("unload", "--all")).Error, StringComparison.Ordinal);
        Assert.Equal("No models to unload.\n", (await LmsAsync("unload", "--all")).Error);
    }

    [Fact]
    public async Task What_was_downloaded_before_is_not_downloaded_again()
    {
        await StartAsync();
        Assert.EndsWith("Download completed.\n", (await LmsAsync("get", $"{Llama}@q8_0", "-y")).Error, StringComparison.Ordinal);
        var again = await LmsAsync("get", $"{Llama}@q8_0", "-y");
        Assert.Equal((0, "Model already downloaded. To use, run: lms load llama-3.2-1b-instruct\n"), (again.ExitCode, again.Error));
        Assert.Contains("llama-3.2-1b-instruct", (await LmsAsync("ls")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no/such-model", "Error: Cannot find a model to download by the name \"no/such-model\".\n")]
    [InlineData("a@b@c", "Error: Invalid model name: more than one @.\n")]
    public async Task A_model_that_does_not_exist_cannot_be_got(string name, string error)
    {
        await StartAsync();
        Assert.Equal(new LmsRun("", error, 1), await LmsAsync("get", name, "-y"));
    }

    [Fact]
    public async Task A_failed_download_exits_with_1()
    {
        await StartAsync();
        _simulator!.Studio.Faults.Add(new Fault { Kind = FaultKind.DownloadFailed, Count = 1 });
        var run = await LmsAsync("get", Llama, "-y");
        Assert.Equal((1, "Error: Download failed.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task A_fuzzy_name_with_several_picks_cannot_be_answered()
    {
        await StartAsync();
        var run = await LmsAsync("get", "qwen", "-y");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("❯ qwen/", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_starts_again_after_a_stop()
    {
        await StartAsync();
        Assert.Equal(0, (await LmsAsync("server", "stop")).ExitCode);
        Assert.Equal("{\"running\":false,\"port\":" + _simulator!.Port + "}\n", (await LmsAsync("server", "status", "--json")).Output);
        Assert.StartsWith("Server:  OFF", (await LmsAsync("status")).Output, StringComparison.Ordinal);
        Assert.Equal("[]\n", (await LmsAsync("ps", "--json")).Output);
        Assert.Equal(0, (await LmsAsync("server", "start")).ExitCode);
        Assert.True(_simulator.Studio.HttpServerRunning);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_at_its_port_has_not_started()
    {
        await StartAsync();
        var time = new ManualTime();
        using var error = new StringWriter();
        var run = LmsProgram.RunAsync(new LmsInvocation
        {
            Arguments = ["server", "start", "--port", "9"],
            Output = TextWriter.Null,
            Error = error,
            Environment = new Dictionary<string, string> { ["HOME"] = _home.Path },
            TimeProvider = time,
        }, TestContext.Current.CancellationToken);
        for (var pause = 0; pause < 4; pause++)
        {
            await Rig.EventuallyAsync(() => time.Waiting > 0);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, await run);
        Assert.Equal("Error: Failed to verify the server is running. Please try to use another port.\n", error.ToString());
    }

    [Fact]
    public async Task On_its_own_machine_it_needs_no_token()
    {
        await StartAsync(RunningSimulator.Fast with { ApiToken = "sk-lm-abcdefgh:ABCDEFGHIJKLMNOPQRST" });
        Assert.Equal("[]\n", (await LmsAsync("ps", "--json")).Output);
        var remote = await LmsAsync("ps", "--host", "127.0.0.1", "--port", $"{_simulator!.Port}");
        Assert.Equal((1, "Error: Invalid API token\n"), (remote.ExitCode, remote.Error));
    }

    [Fact]
    public async Task Quiet_silences_messages_and_not_results()
    {
        await StartAsync();
        Assert.Equal(new LmsRun("", "", 1), await LmsAsync("unload", "--quiet"));
        Assert.Equal("[]\n", (await LmsAsync("ps", "--json", "--quiet")).Output);
    }

    [Theory]
    [InlineData("error: unknown option '--nope'\n", "ps", "--nope")]
    [InlineData("error: option '--gpu <value>' argument missing\n", "load", "x", "--gpu")]
    [InlineData("error: option '--gpu <offload-ratio>' argument 'auto' is invalid. Not a number\n", "load", "x", "--gpu", "auto")]
    [InlineData("error: unknown command 'restart'\n", "server", "restart")]
    public async Task A_mistake_in_the_command_line_is_named(string error, params string[] arguments) =>
        Assert.Equal(new LmsRun("", error, 1), await LmsAsync(arguments));

    [Theory]
    [InlineData("--copy", "File copied to ", true)]
    [InlineData("--hard-link", "Hard link created at ", true)]
    [InlineData("--symbolic-link", "Symbolic link created at ", true)]
    public async Task An_imported_file_lies_in_the_models_folder(string way, string message, bool stays)
    {
        await StartAsync();
        var file = _home.File("tiny-Q4_K_M.gguf");
        var target = Path.Combine(_simulator!.Studio.Models.Root, "acme", "tiny", "tiny-Q4_K_M.gguf");
        Assert.Equal(new LmsRun("", $"{message}{target}\n", 0), await LmsAsync("import", file, "--user-repo", "acme/tiny", way, "-y"));
        Assert.Equal(stays, File.Exists(file));
        Assert.Equal("content", await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken));
        Assert.Contains("\"modelKey\":\"tiny\"", (await LmsAsync("ls", "--json")).Output, StringComparison.Ordinal);
        Assert.Equal(new LmsRun("", $"Error: Target file already exists: {target}\n", 1), await LmsAsync("import", file, "--user-repo", "acme/tiny", way, "-y"));
    }

    [Fact]
    public async Task A_file_is_moved_when_the_user_has_been_told()
    {
        await StartAsync();
        await File.WriteAllTextAsync(Path.Combine(_home.LmStudio, ".internal", "cli-pref.json"), """{"importWillMoveWarned":true}""", TestContext.Current.CancellationToken);
        var file = _home.File("tiny-Q4_K_M.gguf");
        var run = await LmsAsync("import", file, "-y");
        Assert.Equal($"File moved to {Path.Combine(_simulator!.Studio.Models.Root, "tester", "tiny", "tiny-Q4_K_M.gguf")}\n", run.Error);
        Assert.False(File.Exists(file));
    }

    [Theory]
    [InlineData("--user-repo", "../..")]
    [InlineData("--user-repo", "one")]
    [InlineData("-L", "-l")]
    public async Task An_import_to_nowhere_is_refused(params string[] options) =>
        Assert.Equal(1, (await LmsAsync(["import", _home.File("tiny.gguf"), "-c", "-y", .. options])).ExitCode);

    [Fact]
    public async Task The_pointer_file_names_the_home()
    {
        await StartAsync();
        var elsewhere = Path.Combine(_home.Path, "elsewhere");
        Directory.Move(_home.LmStudio, elsewhere);
        Assert.Equal(1, (await LmsAsync("ps")).ExitCode);
        _home.File(".lmstudio-home-pointer", elsewhere);
        Assert.Equal(0, (await LmsAsync("ps")).ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (_simulator is not null) await _simulator.DisposeAsync();
        _home.Dispose();
    }

    private async Task StartAsync(SimulatorOptions? options = null)
    {
        _simulator = await RunningSimulator.StartAsync(options);
        _home.Finding(_simulator.Port, _simulator.Studio.Models.Root);
    }

    private Task<LmsRun> LmsAsync(params string[] arguments) => LmsRun.OfAsync(_home.Path, TestContext.Current.CancellationToken, arguments);
}
