using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Tests.Functional.Provider;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Doctor;

/// <summary><c>lmgateway doctor</c> against what can be wrong on a machine: each time the fault is named and so is its fix.</summary>
public sealed class DoctorTests : IDisposable
{
    private const string Token = "sk-lm-AAAAAAAA:BBBBBBBBBBBBBBBBBBBB";

    private readonly DoctoredMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Fact]
    public async Task All_is_well_in_front_of_a_running_LM_Studio()
    {
        await using var lmStudio = await LmStudioAsync();
        machine.Set("LMSTUDIO_MODELS_DIR", Directory.CreateDirectory(Path.Combine(machine.Home, "models")).FullName);
        var (code, output, errors) = await machine.RunAsync("doctor");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("environment LMSTUDIO_BASE_URL", output, StringComparison.Ordinal);
        Assert.Matches(@"ok +LM Studio +Answers at http://127\.0\.0\.1:\d+, 5 models\.", output);
        Assert.Matches($@"ok +port {machine.ServicePort} +http://127\.0\.0\.1:{machine.ServicePort} is free\.", output);
        Assert.DoesNotContain("problem  ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LM_Studio_is_not_installed()
    {
        var seen = await machine.ExamineAsync();
        var (level, message, fix) = seen.Finding("lmstudio_not_installed");
        Assert.Equal((0, "problem"), (seen.Code, level));
        Assert.Contains("not installed", message, StringComparison.Ordinal);
        Assert.Contains("https://lmstudio.ai", fix, StringComparison.Ordinal);
        Assert.Equal("note", seen.Finding("lms_missing").Level);
        Assert.Equal("", seen.Errors);
    }

    [Fact]
    public async Task LM_Studio_does_not_run()
    {
        machine.InstallLmStudio();
        var (_, message, fix) = (await machine.ExamineAsync()).Finding("lmstudio_not_running");
        Assert.Contains("installed, but does not run", message, StringComparison.Ordinal);
        Assert.Contains($"lms server start --port {machine.LmStudioPort}", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LM_Studios_server_is_off()
    {
        // The application's own port answers, that of its HTTP server does not.
        await using var application = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        machine.InstallLmStudio(lastPort: machine.LmStudioPort, controlPort: application.Address.Port);
        var (_, message, fix) = (await machine.ExamineAsync()).Finding("lmstudio_server_off");
        Assert.Contains("its server is off", message, StringComparison.Ordinal);
        Assert.Contains($"lms server start --port {machine.LmStudioPort}", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LM_Studio_answers_at_another_port()
    {
        await using var lmStudio = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        machine.InstallLmStudio(lastPort: lmStudio.Address.Port);
        var (_, message, fix) = (await machine.ExamineAsync()).Finding("lmstudio_wrong_port");
        Assert.Contains($"Nothing answers at http://127.0.0.1:{machine.LmStudioPort}", message, StringComparison.Ordinal);
        Assert.Contains($"LMSTUDIO_BASE_URL=http://127.0.0.1:{lmStudio.Address.Port}", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Something_else_answers_at_the_port()
    {
        await using var other = await GatewayUnderTest.StartAsync();
        machine.Set("LMSTUDIO_BASE_URL", other.Address.ToString());
        var (_, message, fix) = (await machine.ExamineAsync()).Finding("lmstudio_wrong_port");
        Assert.Contains("is not LM Studio", message, StringComparison.Ordinal);
        Assert.Contains("LMSTUDIO_BASE_URL", fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "lmstudio_token_needed")]
    [InlineData("sk-lm-AAAAAAAA:CCCCCCCCCCCCCCCCCCCC", "lmstudio_token_wrong")]
    [InlineData("not-a-token", "lmstudio_token_wrong")]
    [InlineData(Token, null)]
    public async Task Authentication_is_on(string token, string? code)
    {
        await using var lmStudio = await LmStudioAsync(new SimulatorOptions { ApiToken = Token });
        machine.Set("LM_API_TOKEN", token);
        var seen = await machine.ExamineAsync();
        Assert.Equal(code is null ? 0 : 1, seen.Code);
        Assert.Equal(code is null, seen.Report.GetProperty("can_work").GetBoolean());
        if (code is null) return;
        var (level, _, fix) = seen.Finding(code);
        Assert.Equal("broken", level);
        Assert.Contains("set LM_API_TOKEN", fix, StringComparison.Ordinal);
        if (token.Length > 0) Assert.DoesNotContain(token, seen.Report.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_the_settings_name_is_not_downloaded()
    {
        await using var lmStudio = await LmStudioAsync();
        machine.Set("DEFAULT_REGULAR_MODEL", "acme/nonesuch-7b");
        machine.Set("DEFAULT_VISION_MODEL", "qwen3-vl-4b-instruct");
        var (_, message, fix) = (await machine.ExamineAsync()).Finding("model_missing");
        Assert.Contains("chat.default_regular_model is acme/nonesuch-7b (environment DEFAULT_REGULAR_MODEL)", message, StringComparison.Ordinal);
        Assert.Contains("lmgateway models pull acme/nonesuch-7b", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NATS_is_down()
    {
        var port = FreePort.Next();
        machine.Set("NATS_URL", $"nats://me:secret@127.0.0.1:{port}");
        var seen = await machine.ExamineAsync();
        var (level, message, fix) = seen.Finding("nats_down");
        Assert.Equal(("problem", 0), (level, seen.Code));
        Assert.Contains($"127.0.0.1:{port}", message, StringComparison.Ordinal);
        Assert.Contains("nats-server -js", fix, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", seen.Report.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_port_is_in_use_by_somebody_else()
    {
        using var other = new TcpListener(IPAddress.Loopback, machine.ServicePort);
        other.Start();
        var seen = await machine.ExamineAsync();
        var (level, message, fix) = seen.Finding("port_in_use");
        Assert.Equal(("broken", 1), (level, seen.Code));
        Assert.Contains($":{machine.ServicePort} is in use", message, StringComparison.Ordinal);
        if (OperatingSystem.IsLinux()) Assert.Contains($"(process {Environment.ProcessId})", message, StringComparison.Ordinal);
        Assert.Contains($"PORT={machine.ServicePort + 1}", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_finds_its_port_taken_says_by_whom_and_what_to_do_and_ends()
    {
        using var other = new TcpListener(IPAddress.Loopback, machine.ServicePort);
        other.Start();
        var (code, output, errors) = await machine.RunAsync("serve");
        Assert.Equal((1, ""), (code, output));
        Assert.Matches($@"^lmgateway: http://127\.0\.0\.1:{machine.ServicePort} is in use by .+ \(process \d+\)\.\nStop that program, or choose another port: PORT={machine.ServicePort + 1} \(or --port {machine.ServicePort + 1}\)\n$", errors);
    }

    [Fact]
    public async Task A_service_says_to_programs_where_it_listens_or_why_it_does_not()
    {
        using var other = new TcpListener(IPAddress.Loopback, machine.ServicePort);
        other.Start();
        var (code, output, errors) = await machine.RunAsync("serve", "--json");
        var error = JsonElement.Parse(output).GetProperty("error");
        Assert.Equal((1, "port_in_use"), (code, error.GetProperty("code").GetString()));
        Assert.StartsWith($"lmgateway: {error.GetProperty("message").GetString()}", errors, StringComparison.Ordinal);

        foreach (var command in new[] { "serve --demo --json --port 0", "simulate --json --port 0" })
        {
            using var serving = machine.Start(command.Split(' '));
            var told = JsonElement.Parse((await serving.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!).GetProperty("listening");
            using var http = new HttpClient { BaseAddress = new Uri(told.ValueKind == JsonValueKind.Array ? told[0].GetString()! : told.GetString()!) };
            Assert.Contains("qwen2-1.5b-instruct", await http.GetStringAsync("v1/models", TestContext.Current.CancellationToken), StringComparison.Ordinal);
            serving.Kill();
            Assert.Equal("", await serving.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_service_that_was_named_is_the_one_that_is_looked_at()
    {
        await using var lmStudio = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        await using var service = await GatewayUnderTest.StartAgainstAsync(lmStudio.Address.ToString(), options => options with { Security = options.Security with { ApiKey = "a-key" } });
        machine.Set("LMGATEWAY_URL", service.Address.ToString());
        machine.Set("LMGATEWAY_KEY", "a-key");
        var seen = await machine.ExamineAsync();
        Assert.Equal($"http://127.0.0.1:{service.Address.Port}", seen.Report.GetProperty("service").GetString());
        Assert.Contains("service_running", seen.Codes);
        Assert.DoesNotContain("lmstudio_not_installed", seen.Codes);

        var gone = await machine.ExamineAsync("--url", $"127.0.0.1:{FreePort.Next()}");
        Assert.Contains("lmgateway serve", gone.Finding("service_not_running").Fix, StringComparison.Ordinal);
        Assert.Contains("lmstudio_not_installed", gone.Codes);
    }

    [Fact]
    public async Task Of_a_service_on_another_machine_its_own_word_counts()
    {
        Assert.SkipUnless(ThisMachine() is not null, "This machine has no address but loopback.");
        await using var service = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}", options => options with
        {
            Listen = new ListenOptions { Host = "0.0.0.0", Port = 0 },
            Security = options.Security with { ApiKey = "a-key", AllowedHosts = ["*"] },
        });
        machine.Set("LMGATEWAY_KEY", "a-key");
        var seen = await machine.ExamineAsync("--url", $"http://{ThisMachine()}:{service.Address.Port}");
        Assert.Equal(0, seen.Code);
        Assert.Equal("problem", seen.Finding("backend_unreachable").Level);
        Assert.Contains("lmgateway doctor", seen.Finding("another_machine").Fix, StringComparison.Ordinal);
        Assert.DoesNotContain("state_not_writable", seen.Codes);
    }

    [Fact]
    public async Task Beside_a_running_service_its_settings_are_checked()
    {
        await using var lmStudio = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        await using var service = await GatewayUnderTest.StartAgainstAsync(lmStudio.Address.ToString(), options => options with { Security = options.Security with { ApiKey = "a-key" } });
        machine.Set("PORT", $"{service.Address.Port}");
        machine.Set("GATEWAY_API_KEY", "a-key");
        var seen = await machine.ExamineAsync();
        Assert.Contains("service_running", seen.Codes);
        Assert.Equal($"http://127.0.0.1:{service.Address.Port}", seen.Report.GetProperty("service").GetString());
        Assert.DoesNotContain("lmstudio_not_installed", seen.Codes);
        var address = seen.Report.GetProperty("settings").EnumerateArray().Single(setting => setting.GetProperty("key").GetString() == "lmstudio.base_url");
        Assert.Equal((lmStudio.Address.ToString().TrimEnd('/'), "the running service"), (address.GetProperty("value").GetString(), address.GetProperty("source").GetString()));

        // To a stranger it tells nothing; then what is set here is checked.
        machine.Set("GATEWAY_API_KEY", "");
        var stranger = await machine.ExamineAsync();
        Assert.Equal("note", stranger.Finding("service_settings_unknown").Level);
        Assert.Contains("lmstudio_not_installed", stranger.Codes);
    }

    [Fact]
    public async Task The_state_folder_cannot_be_written()
    {
        var file = Path.Combine(machine.Home, "a-file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        machine.Set("LMGATEWAY_STATE_DIR", Path.Combine(file, "state"));
        var seen = await machine.ExamineAsync();
        var (level, _, fix) = seen.Finding("state_not_writable");
        Assert.Equal(("broken", 1), (level, seen.Code));
        Assert.Contains("LMGATEWAY_STATE_DIR", fix, StringComparison.Ordinal);

        var key = await machine.RunAsync("keys", "create", "laptop");
        Assert.Equal(1, key.Code);
        Assert.Contains("name its state folder with LMGATEWAY_STATE_DIR", key.Errors, StringComparison.Ordinal);
        using var serving = machine.Start("serve", "--json", "--port", "0");
        var warnings = JsonElement.Parse((await serving.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!).GetProperty("warnings");
        serving.Kill();
        Assert.Contains("cannot be written", Assert.Single(warnings.EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_models_folder_cannot_be_written()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/sys is a folder that even root cannot write to.");
        machine.Set("LMSTUDIO_MODELS_DIR", "/proc/sys");
        var (level, _, fix) = (await machine.ExamineAsync()).Finding("models_not_writable");
        Assert.Equal("problem", level);
        Assert.Contains("LMSTUDIO_MODELS_DIR", fix, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_behind_by_the_look()
    {
        await machine.ExamineAsync();
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Home));
    }

    [Fact]
    public async Task Other_backends_are_examined_too()
    {
        var (ollama, openAi) = (FreePort.Next(), FreePort.Next());
        machine.Set("LMGATEWAY_BACKENDS", $"ollama@http://127.0.0.1:{ollama}, box=llama-server@http://127.0.0.1:{openAi}");
        var seen = await machine.ExamineAsync();
        Assert.Contains("https://ollama.com", seen.Finding("ollama_not_installed").Fix, StringComparison.Ordinal);
        Assert.Contains("llama-server -m MODEL.gguf", seen.Finding("backend_unreachable").Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(seen.Codes, code => code!.StartsWith("lmstudio", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_that_cannot_be_used_are_told_first_and_nothing_else_is_checked()
    {
        var seen = await machine.ExamineAsync("--port", "many");
        Assert.Equal(2, seen.Code);
        Assert.Empty(seen.Codes);
        Assert.Single(seen.Report.GetProperty("errors").EnumerateArray());
        Assert.Equal("bad_settings", seen.Report.GetProperty("error").GetProperty("code").GetString());
        Assert.StartsWith("lmgateway: One setting must be corrected:\n  1. listen.port", seen.Errors, StringComparison.Ordinal);
        Assert.False(seen.Report.GetProperty("can_work").GetBoolean());
    }

    private static IPAddress? ThisMachine() =>
        Dns.GetHostAddresses(Dns.GetHostName(), AddressFamily.InterNetwork).FirstOrDefault(address => !IPAddress.IsLoopback(address));

    private async Task<SimulatorServer> LmStudioAsync(SimulatorOptions? options = null)
    {
        var server = await SimulatorServer.StartAsync(options ?? new SimulatorOptions(), cancellationToken: TestContext.Current.CancellationToken);
        machine.Set("LMSTUDIO_BASE_URL", server.Address.ToString());
        return server;
    }
}
