using LmStudio.Client.Cli;
using LmStudio.Client.Tests.Servers;
using LmStudio.Client.Wire;
using Xunit;
using static LmStudio.Client.Tests.Cli.FakeLms;

namespace LmStudio.Client.Tests.Cli;

public sealed class LmsCliTests
{
    private static readonly (string, string) List = ("'ls --json'*", Recorded("17-ls-json"));

    [Theory]
    [InlineData("00-server-status-json-down", false, null)]
    [InlineData("14-server-status-json", true, 12345)]
    [InlineData("16-server-status-json-quiet", true, 12345)]
    public async Task The_servers_state_is_read(string recorded, bool running, int? port)
    {
        using var lms = new FakeLms(("'server status --json'", Recorded(recorded)));
        Assert.Equal(new LmsServerStatus(running, port), await Cli(lms).GetServerStatusAsync());
    }

    [Theory]
    [InlineData("03-daemon-status-json-down", false, null)]
    [InlineData("10-daemon-status-json", true, true)]
    public async Task The_daemons_state_is_read(string recorded, bool running, bool? isDaemon)
    {
        using var lms = new FakeLms(("'daemon status --json'", Recorded(recorded)));
        var status = await Cli(lms).GetDaemonStatusAsync();
        Assert.Equal((running, isDaemon), (status.IsRunning, status.IsDaemon));
        Assert.Equal(running, status.Pid is not null);
    }

    [Fact]
    public async Task The_version_is_read()
    {
        using var lms = new FakeLms(("'version --json'", Recorded("42-version-json")));
        Assert.NotEmpty(await Cli(lms).GetVersionAsync());
    }

    [Fact]
    public async Task Models_and_instances_are_read_although_other_lines_are_printed()
    {
        using var lms = new FakeLms(List, ("'ps --json'*", Recorded("30-ps-json")));
        var models = await Cli(lms).ListModelsAsync();
        Assert.Equal(["qwen/qwen3-4b", "text-embedding-nomic-embed-text-v1.5"], models.Select(model => model.ModelKey));
        var loaded = await Cli(lms).ListLoadedAsync();
        Assert.Equal(("my-id", "qwen/qwen3-4b", 8192, "idle", 0, 2), (loaded[0].Identifier, loaded[0].ModelKey, loaded[0].ContextLength, loaded[0].Status, loaded[0].Queued, loaded[0].Parallel));
        Assert.Equal(TimeSpan.FromMinutes(10), loaded[0].TimeToLive);
        Assert.Null(loaded[1].Parallel);
        Assert.All(lms.Calls, call => Assert.EndsWith("--host 127.0.0.1 --port 41343", call, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_that_cannot_connect_fails_in_lmss_own_words()
    {
        using var lms = new FakeLms(("'ps --json'*", Recorded("05-ps-json-down")));
        var error = await Assert.ThrowsAsync<LmsException>(() => Cli(lms).ListLoadedAsync());
        Assert.Equal((LmsFailure.Failed, 1, "Failed to start or connect to local LM Studio API server."), (error.Failure, error.ExitCode, error.Message));
    }

    [Fact]
    public async Task Output_without_JSON_is_unexpected()
    {
        using var lms = new FakeLms(("'ps --json'*", "echo hello"));
        Assert.Equal(LmsFailure.UnexpectedOutput, (await Assert.ThrowsAsync<LmsException>(() => Cli(lms).ListLoadedAsync())).Failure);
    }

    [Fact]
    public async Task The_server_is_started_with_its_settings_and_its_port_is_read()
    {
        using var lms = new FakeLms(("'server start --port 12345 --bind 0.0.0.0 --cors'", Recorded("13-server-start")));
        Assert.Equal(12345, await Cli(lms).StartServerAsync(new HttpServerSettings { Port = 12345, NetworkInterface = "0.0.0.0", Cors = true }));
    }

    [Fact]
    public async Task Stopping_a_server_that_does_not_run_is_no_error_and_failing_to_stop_one_is()
    {
        using var stopped = new FakeLms(("'server stop'", Recorded("50-server-stop")));
        Assert.True(await Cli(stopped).StopServerAsync());
        using var down = new FakeLms(("'server stop'", Recorded("02-server-stop-down")), ("'server status --json'", Recorded("00-server-status-json-down")));
        Assert.False(await Cli(down).StopServerAsync());
        using var stuck = new FakeLms(("'server stop'", "echo 'Error: stuck' >&2; exit 1"), ("'server status --json'", Recorded("14-server-status-json")));
        Assert.Equal("stuck", (await Assert.ThrowsAsync<LmsException>(() => Cli(stuck).StopServerAsync())).Message);
    }

    [Fact]
    public async Task A_load_gives_exact_arguments_reports_progress_and_is_verified()
    {
        using var lms = new FakeLms(List, ("'load '*", Recorded("26-load")), ("'ps --json'*", Recorded("30-ps-json")));
        var progress = new EventList<double>();
        var loaded = await Cli(lms).LoadAsync(
            new LmsLoad { ModelKey = "qwen/qwen3-4b", Identifier = "my-id", GpuOffloadRatio = 0.5, ContextLength = 8192, Parallel = 2, TimeToLive = TimeSpan.FromMinutes(10) },
            progress);
        Assert.Equal(8192, loaded.ContextLength);
        Assert.Equal(1, progress.Items[^1]);
        Assert.Contains("load qwen/qwen3-4b --yes --identifier my-id --gpu 0.5 --context-length 8192 --parallel 2 --ttl 600 --host 127.0.0.1 --port 41343", lms.Calls);
    }

    [Fact]
    public async Task A_load_without_an_identifier_takes_the_one_that_lms_names()
    {
        using var lms = new FakeLms(List, ("'load '*", Recorded("29-load-emb")), ("'ps --json'*", Recorded("30-ps-json")));
        var loaded = await Cli(lms).LoadAsync(new LmsLoad { ModelKey = "text-embedding-nomic-embed-text-v1.5" });
        Assert.Equal("text-embedding-nomic-embed-text-v1.5", loaded.Identifier);
    }

    [Fact]
    public async Task A_key_that_is_not_exact_is_refused_because_lms_would_load_the_nearest()
    {
        using var lms = new FakeLms(List);
        var error = await Assert.ThrowsAsync<LmsException>(() => Cli(lms).LoadAsync(new LmsLoad { ModelKey = "qwen" }));
        Assert.Equal(LmsFailure.ModelNotFound, error.Failure);
        Assert.DoesNotContain(lms.Calls, call => call.StartsWith("load", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_another_model_resembles_is_loaded_by_its_path()
    {
        const string Models = """[{"type":"llm","modelKey":"a/b","path":"a/b-GGUF/b.gguf"},{"type":"llm","modelKey":"a/b-long","path":"x"}]""";
        using var lms = new FakeLms(("'ls --json'*", $"echo '{Models}'"), ("'load '*", "exit 1"));
        await Assert.ThrowsAsync<LmsException>(() => Cli(lms).LoadAsync(new LmsLoad { ModelKey = "a/b" }));
        Assert.Contains(lms.Calls, call => call.StartsWith("load a/b-GGUF/b.gguf --yes --exact", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_load_that_claims_success_but_shows_nothing_has_failed_and_a_taken_identifier_too()
    {
        using var lying = new FakeLms(List, ("'load '*", "exit 0"), ("'ps --json'*", Recorded("22-ps-json-empty")));
        Assert.Equal(LmsFailure.Failed, (await Assert.ThrowsAsync<LmsException>(() => Cli(lying).LoadAsync(new LmsLoad { ModelKey = "qwen/qwen3-4b", Identifier = "x" }))).Failure);
        using var taken = new FakeLms(List, ("'load '*", Recorded("27-load-dup")));
        var error = await Assert.ThrowsAsync<LmsException>(() => Cli(taken).LoadAsync(new LmsLoad { ModelKey = "qwen/qwen3-4b", Identifier = "my-id" }));
        Assert.Equal("Model load error: A model with the identifier \"my-id\" already exists.", error.Message);
    }

    [Fact]
    public async Task Unloading_believes_the_list_and_not_the_exit_code()
    {
        using var unknown = new FakeLms(("'ps --json'*", Recorded("30-ps-json")), ("'unload nope'*", Recorded("33-unload-missing")));
        Assert.Equal(LmsFailure.IdentifierNotFound, (await Assert.ThrowsAsync<LmsException>(() => Cli(unknown).UnloadAsync("nope"))).Failure);

        using var stays = new FakeLms(("'ps --json'*", Recorded("30-ps-json")), ("'unload my-id'*", Recorded("33-unload-missing")));
        var error = await Assert.ThrowsAsync<LmsException>(() => Cli(stays).UnloadAsync("my-id"));
        Assert.Equal((LmsFailure.Failed, 0), (error.Failure, error.ExitCode));
        Assert.Equal("Model Not Found. Cannot find a model with the identifier \"nope\".", error.Message);

        using var goes = new FakeLms(
            ("'ps --json'*", $"if [ -f \"$0.done\" ]; then echo '[]'; else {Recorded("30-ps-json")}; fi"),
            ("'unload '*", "touch \"$0.done\""));
        await Cli(goes).UnloadAsync("my-id");
        Assert.Contains("unload my-id --host 127.0.0.1 --port 41343", goes.Calls);
        await Cli(goes).UnloadAllAsync();
    }

    [Fact]
    public async Task A_download_reports_each_step_and_its_outcome()
    {
        using var lms = new FakeLms(("'get https://'*", Recorded("37-get-hf")), ("'get there '*", "echo 'Model already downloaded. To use, run: lms load there' >&2"));
        var progress = new EventList<LmsDownloadProgress>();
        Assert.Equal(LmsDownloadOutcome.Downloaded, await Cli(lms).GetAsync("https://huggingface.co/Qwen/Qwen3-4B-GGUF@Q4_K_M", progress));
        Assert.Equal(new LmsDownloadProgress(100, 1_000_000, 1_000_000, 1_000_000), progress.Items[^1]);
        Assert.Equal(LmsDownloadOutcome.AlreadyDownloaded, await Cli(lms).GetAsync("there"));
        Assert.Equal("get https://huggingface.co/Qwen/Qwen3-4B-GGUF@Q4_K_M --yes --host 127.0.0.1 --port 41343", lms.Calls[0]);
    }

    [Fact]
    public async Task What_a_download_says_is_made_readable()
    {
        using var lms = new FakeLms(("'get '*", Recorded("37-get-hf")));
        var lines = new EventList<string>();
        await Cli(lms).GetAsync("x", lines: lines);
        Assert.Contains("Resolution completed. Downloading 2.50 GB...", lines.Items);
        Assert.Contains("Download completed.", lines.Items);
        Assert.All(lines.Items, line => Assert.DoesNotMatch("[\u001b\r\u2800-\u28ff]|%", line));
        Assert.Equal(lines.Items.Distinct(), lines.Items);
    }

    [Theory]
    [InlineData("38-get-hf-badquant", "Cannot find variant Q9_X.")]
    [InlineData("40-get-staff-none", "No staff picks found with the specified search criteria.")]
    public async Task A_download_that_finds_nothing_fails_in_lmss_own_words(string recorded, string message)
    {
        using var lms = new FakeLms(("'get '*", Recorded(recorded)));
        Assert.Equal(message, (await Assert.ThrowsAsync<LmsException>(() => Cli(lms).GetAsync("x"))).Message);
    }

    [Fact]
    public async Task An_import_never_moves_and_says_where_the_file_went()
    {
        using var lms = new FakeLms(("'import '*' --user-repo a/b --copy --yes'", "echo 'File copied to /models/a/b/x.gguf' >&2"), ("'import '*", Recorded("46-import-nofile")));
        Assert.Equal("/models/a/b/x.gguf", await Cli(lms).ImportAsync("x.gguf", "a/b"));
        Assert.Contains("File does not exist", (await Assert.ThrowsAsync<LmsException>(() => Cli(lms).ImportAsync("x.gguf", "a/b", LmsImportMode.HardLink))).Message, StringComparison.Ordinal);
        Assert.Contains($"import {Path.GetFullPath("x.gguf")} --user-repo a/b --hard-link --yes", lms.Calls);
    }

    [Theory]
    [InlineData("--all")]
    [InlineData("-h")]
    [InlineData("")]
    public async Task A_value_that_would_be_an_option_is_refused(string value)
    {
        using var lms = new FakeLms();
        await Assert.ThrowsAsync<ArgumentException>(() => Cli(lms).GetAsync(value));
        await Assert.ThrowsAsync<ArgumentException>(() => Cli(lms).ImportAsync("x.gguf", value));
        Assert.Empty(lms.Calls);
    }

    private static LmsCli Cli(FakeLms lms) => new(new LmsCliOptions { Program = lms.Program, Server = new Uri("http://127.0.0.1:41343") });
}
