using System.Diagnostics;
using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Mcp;
using Xunit;

namespace LmGateway.Tests.Functional.BringUp;

/// <summary><c>init_llm</c> with BACKEND=lmstudio, from every state a machine can be in, against real processes.</summary>
public sealed class LmStudioBringUpTests
{
    /// <summary>Not in the simulator's stock; it can be downloaded.</summary>
    private const string Wanted = "lmstudio-community/Llama-3.2-1B-Instruct-GGUF";

    [Fact]
    [Trait("req", "S3-28")]
    [Trait("req", "S3-07")]
    [Trait("req", "S3-26")]
    public async Task Nothing_installed_is_told_with_where_to_get_it()
    {
        await using var gateway = await StartAsync($"http://127.0.0.1:{FreePort.Next()}", "/no/such/lms", Wanted);
        var answer = await new McpCaller(gateway.Http).CallAsync("init_llm");
        Assert.True(answer.IsError);
        Assert.Equal("""{"success":false,"message":"LM Studio CLI not found. Install from https://lmstudio.ai and enable CLI in settings.","steps_performed":[]}""", answer.Text);
    }

    [Fact]
    [Trait("req", "S3-08")]
    [Trait("req", "S3-11")]
    [Trait("req", "S3-12")]
    [Trait("req", "S3-20")]
    [Trait("req", "S3-22")]
    [Trait("req", "S3-23")]
    [Trait("req", "S3-25")]
    [Trait("req", "S3-33")]
    [Trait("req", "S3-34")]
    [Trait("req", "S3-36")]
    public async Task From_nothing_running_it_starts_downloads_and_loads_and_the_second_time_does_nothing()
    {
        using var lms = new LmsOnPath("--load-time-ms", "50", "--download-time-ms", "600");
        await using var gateway = await StartAsync(lms.Address, lms.Program, Wanted);
        var mcp = new McpCaller(gateway.Http);
        var first = await mcp.CallAsync("init_llm", "{}", "up");
        Assert.False(first.IsError, first.Text);
        Assert.Equal("LLM ready for routing", first.Structure.GetProperty("message").GetString());
        Assert.Equal(["Started LM Studio service", $"Downloaded model {Wanted}", $"Loaded model {Wanted} into memory"], Steps(first));
        Assert.Contains("server start", await File.ReadAllTextAsync(lms.Calls, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("get https://huggingface.co/" + Wanted, await File.ReadAllTextAsync(lms.Calls, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        var downloading = first.Reply.Progress.Where(step => step.GetProperty("message").GetString()!.StartsWith("Downloading model: ", StringComparison.Ordinal)).ToList();
        Assert.True(downloading.Count > 2, string.Join('\n', first.Reply.Progress));
        Assert.All(downloading, step => Assert.Equal(100, step.GetProperty("total").GetDouble()));
        var reached = first.Reply.Progress.Select(step => step.GetProperty("progress").GetDouble()).ToList();
        Assert.Equal(reached.Order(), reached);

        var second = await mcp.CallAsync("init_llm");
        Assert.Equal(["LM Studio already running", $"Model {Wanted} already installed", $"Model {Wanted} already loaded"], Steps(second));
        Assert.Equal("1, 2, 3", (await mcp.CallAsync("chat", """{"prompt":"count to 3"}""")).Text);
    }

    [Theory]
    [Trait("req", "S3-09")]
    [Trait("req", "S3-10")]
    [Trait("req", "S3-13")]
    [Trait("req", "S3-14")]
    [Trait("req", "S3-18")]
    [Trait("req", "S3-20")]
    [Trait("req", "S3-21")]
    [Trait("req", "S3-37")]
    [InlineData("qwen2-1.5b-instruct", "Model qwen2-1.5b-instruct already installed")]
    [InlineData("Qwen/Qwen2-1.5B-Instruct-GGUF", "Model Qwen/Qwen2-1.5B-Instruct-GGUF already installed")]
    [InlineData("hf.co/Qwen/Qwen2-1.5B-Instruct-GGUF@Q4_K_M", "Model hf.co/Qwen/Qwen2-1.5B-Instruct-GGUF@Q4_K_M already installed")]
    [InlineData("Qwen/Qwen2-1.5B-Instruct-GGUF@Q8_0", "Downloaded model Qwen/Qwen2-1.5B-Instruct-GGUF@Q8_0")]
    [InlineData("qwen/qwen3-4b", "Downloaded model qwen/qwen3-4b")]
    public async Task With_LM_Studio_running_a_server_that_answers_needs_no_program(string model, string step)
    {
        await using var service = await McpGateway.StartAsync(
            simulated => simulated with { DownloadTime = TimeSpan.FromMilliseconds(100) },
            options => options with { BringUp = options.BringUp with { Model = model }, LmStudio = options.LmStudio with { LmsPath = "/no/such/lms" } });
        var answer = await service.Mcp.CallAsync("init_llm");
        Assert.False(answer.IsError, answer.Text);
        Assert.Equal(["LM Studio already running", step, $"Loaded model {model} into memory"], Steps(answer));
    }

    [Theory]
    [Trait("req", "S3-32")]
    [Trait("req", "S3-35")]
    [InlineData("nobody/NoSuchModel-GGUF")]
    [InlineData("nobody/no-such-model")]
    [InlineData("no-such-model")]
    public async Task A_model_that_cannot_be_had_is_told_in_the_documents_words(string model)
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { BringUp = options.BringUp with { Model = model } });
        var answer = await service.Mcp.CallAsync("init_llm");
        Assert.True(answer.IsError);
        Assert.Equal($"Model '{model}' not found. Download it in LM Studio or check MODEL_NAME.", answer.Structure.GetProperty("message").GetString());
        Assert.Equal("LM Studio already running", Steps(answer).First());
        Assert.StartsWith($"Failed to download model {model}: ", Steps(answer).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_that_fails_and_a_server_that_never_answers_are_told_too()
    {
        await using var service = await McpGateway.StartAsync(
            configure: options => options with { BringUp = options.BringUp with { Model = GatewayUnderTest.Chat } },
            prepare: lmStudio => lmStudio.Faults.Add(new LmStudio.Simulator.Engine.Fault { Kind = LmStudio.Simulator.Engine.FaultKind.LoadFailed, Message = "Failed to load model: out of luck" }));
        var failed = await service.Mcp.CallAsync("init_llm");
        Assert.True(failed.IsError);
        Assert.Contains("out of luck", failed.Text, StringComparison.Ordinal);
        Assert.Equal(2, Steps(failed).Count());

        await using var dead = await StartAsync($"http://127.0.0.1:{FreePort.Next()}", "/bin/true", Wanted, serverSeconds: 1);
        var silent = await new McpCaller(dead.Http).CallAsync("init_llm");
        Assert.True(silent.IsError);
        Assert.Contains("did not answer within 1 s (bring_up.server_seconds)", silent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_at_the_same_time_share_one_start_one_download_and_one_load()
    {
        using var lms = new LmsOnPath("--load-time-ms", "200", "--download-time-ms", "300");
        await using var gateway = await StartAsync(lms.Address, lms.Program, Wanted);
        var mcp = new McpCaller(gateway.Http);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => mcp.CallAsync("init_llm")));
        Assert.All(answers, answer => Assert.False(answer.IsError, answer.Text));
        var calls = await File.ReadAllLinesAsync(lms.Calls, TestContext.Current.CancellationToken);
        Assert.Single(calls, call => call.StartsWith("server start", StringComparison.Ordinal));
        Assert.Single(calls, call => call.StartsWith("get ", StringComparison.Ordinal));
        using var status = await new HttpClient().GetAsync($"{lms.Address}/simulator/status", TestContext.Current.CancellationToken);
        Assert.Equal(1, JsonElement.Parse(await status.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("counters").GetProperty("loadsCompleted").GetInt32());
    }

    [Fact]
    [Trait("req", "S3-16")]
    [Trait("req", "S3-17")]
    public async Task What_the_document_prints_for_LM_Studio_is_answered_through_the_service()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Contains((await gateway.GetJsonAsync("/v1/models")).Body.GetProperty("data").EnumerateArray(), model => model.GetProperty("id").ValueEquals(GatewayUnderTest.Chat));
        var (status, reply) = await gateway.PostJsonAsync("/v1/chat/completions", $$"""{"model":"{{GatewayUnderTest.Chat}}","messages":[{"role":"user","content":"count to 3"}],"stream":false,"temperature":0.1,"max_tokens":100}""");
        Assert.Equal(200, status);
        Assert.Equal("1, 2, 3", reply.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    /// <summary>Programs of our own stand in for the vendors': outputs word for word, processes for real.</summary>
    [Fact]
    [Trait("req", "S3-38")]
    public async Task The_stand_in_program_answers_ls_ps_and_server_status_as_recorded()
    {
        using var lms = new LmsOnPath("--load-time-ms", "20");
        var cli = new LmStudio.Client.Cli.LmsCli(new LmStudio.Client.Cli.LmsCliOptions { Program = lms.Program, MayStartLmStudio = true });
        Assert.False((await cli.GetServerStatusAsync(TestContext.Current.CancellationToken)).IsRunning);
        Assert.Equal(lms.Port, await cli.StartServerAsync(new LmStudio.Client.Wire.HttpServerSettings { Port = lms.Port }, TestContext.Current.CancellationToken));
        Assert.True((await cli.GetServerStatusAsync(TestContext.Current.CancellationToken)).IsRunning);
        Assert.Contains(await cli.ListModelsAsync(TestContext.Current.CancellationToken), model => model.ModelKey == GatewayUnderTest.Chat);
        Assert.Empty(await cli.ListLoadedAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Up_does_the_same_from_a_shell_and_says_what_stands_in_the_way()
    {
        using var lms = new LmsOnPath("--load-time-ms", "20", "--download-time-ms", "100");
        var (code, output, _) = await UpAsync(lms, Wanted, "--backend", "lmstudio");
        Assert.Equal(0, code);
        Assert.Contains($"done  Downloaded model {Wanted}", output, StringComparison.Ordinal);
        Assert.Contains($"{Wanted} is ready as ", output, StringComparison.Ordinal);
        var (failed, _, errors) = await UpAsync(lms, "nobody/nothing", "--backend", "lmstudio");
        Assert.Equal(1, failed);
        Assert.Contains("lmgateway: Model 'nobody/nothing' not found. Download it in LM Studio or check MODEL_NAME.", errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> UpAsync(LmsOnPath lms, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "lmgateway.dll"), "up", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = lms.Folder,
        };
        start.Environment["HOME"] = start.Environment["XDG_CONFIG_HOME"] = lms.Folder;
        start.Environment["LMSTUDIO_URL"] = lms.Address;
        start.Environment["LMGATEWAY_LMSTUDIO__LMS_PATH"] = lms.Program;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await errors);
    }

    private static IEnumerable<string?> Steps(McpAnswer answer) => answer.Structure.GetProperty("steps_performed").EnumerateArray().Select(step => step.GetString());

    private static Task<GatewayUnderTest> StartAsync(string address, string program, string model, int serverSeconds = 60) => GatewayUnderTest.StartAgainstAsync(address, options => options with
    {
        LmStudio = options.LmStudio with { LmsPath = program, ConnectAttempts = 1 },
        BringUp = new BringUpOptions { Backend = BringUpOptions.LmStudio, Model = model, ServerSeconds = serverSeconds },
    });
}
