using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli;

public sealed class UpCommandTests
{
    [Fact]
    public async Task Where_a_service_runs_it_makes_the_model_ready()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        // Its own settings lead nowhere: whatever works was done by the service.
        command.Environment["LMSTUDIO_URL"] = $"http://127.0.0.1:{FreePort.Next()}";

        var first = (await command.RunAsync("up", GatewayUnderTest.Chat)).Well();
        Assert.Equal($"{GatewayUnderTest.Chat} is ready as {GatewayUnderTest.Chat}.", first.Lines[^1]);
        Assert.Equal(["done  LM Studio already running", $"done  Model {GatewayUnderTest.Chat} already installed", $"done  Loaded model {GatewayUnderTest.Chat} into memory"], first.Lines[..^1]);
        Assert.DoesNotContain("No service", first.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', first.Output + first.Errors);

        var again = await command.JsonAsync("up", GatewayUnderTest.Chat, "--backend", "LM-Studio");
        Assert.Equal((GatewayUnderTest.Chat, 3, false), (again.GetProperty("identifier").GetString(), again.GetProperty("steps").GetArrayLength(), again.GetProperty("direct").GetBoolean()));
        Assert.Equal(1, gateway.Simulator.State.Counters.Snapshot().LoadsCompleted);
    }

    [Fact]
    public async Task Without_a_service_it_does_so_itself_and_says_so()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);

        // Nobody chose a backend: the one that answers is taken.
        var first = (await command.RunAsync("up", GatewayUnderTest.Chat)).Well();
        Assert.Contains($"done  Loaded model {GatewayUnderTest.Chat} into memory", first.Lines);
        Assert.StartsWith("No service at http://127.0.0.1:", first.Errors, StringComparison.Ordinal);
        Assert.Contains("; working directly with LM Studio at ", first.Errors, StringComparison.Ordinal);
        Assert.True((await command.JsonAsync("up", GatewayUnderTest.Chat, "--backend", "lmstudio")).GetProperty("direct").GetBoolean());
    }

    [Fact]
    public async Task What_stands_in_the_way_is_a_failure_with_what_to_do()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { LmStudio = options.LmStudio with { LmsPath = "/no/lms/here" } });
        using var command = CommandUnderTest.Beside(gateway);

        var failed = (await command.RunAsync("up", "nobody/nothing", "--backend", "lmstudio", "--json")).Failure(ExitCodes.Failed);
        Assert.Equal("Model 'nobody/nothing' not found. Download it in LM Studio or check MODEL_NAME.", failed.GetProperty("message").GetString());
        Assert.Equal("LM Studio already running", failed.GetProperty("details")[0].GetString());
        Assert.Contains("'ollama' is not configured here; there is lmstudio", (await command.RunAsync("up", "--backend", "ollama", "--json")).Failure(ExitCodes.Failed).GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("bad_settings", (await command.RunAsync("up", "--backend", "vllm", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("code").GetString());
        Assert.Equal("no_service", (await command.RunAsync("up", "--json", "--url", $"http://127.0.0.1:{FreePort.Next()}")).Failure(ExitCodes.NoService).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_service_that_dies_on_the_way_is_told_as_such()
    {
        const string Line = "{\"type\":\"progress\",\"message\":\"LM Studio already running\"}\n";
        await using var service = ScriptedBackend.Answering($"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n{Line.Length:x}\r\n{Line}\r\n");
        using var command = new CommandUnderTest();

        var failed = (await command.RunAsync("up", "--json", "--url", service.Address)).Failure(ExitCodes.Failed);
        Assert.Equal("failed", failed.GetProperty("code").GetString());
        Assert.Contains("broke off", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_service_is_told_as_such()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var failed = (await command.RunAsync("up", "--json", "--url", gateway.Simulator.Address.ToString())).Failure(ExitCodes.NoService);
        Assert.Equal("not_lmgateway", failed.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Interrupted_it_ends_the_load_in_the_service_and_a_download_goes_on_there()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(simulated => simulated with { LoadTime = TimeSpan.FromMinutes(10), DownloadTime = TimeSpan.FromMinutes(10) });
        using var command = CommandUnderTest.Beside(gateway);

        using var impatient = new CancellationTokenSource();
        var loading = command.RunAsync(["up", GatewayUnderTest.Chat], impatient.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().LoadsStarted > 0, "a load began");
        await impatient.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, (await loading).Code);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Counters.Snapshot().LoadsCancelled > 0, "the load was cancelled");

        using var other = new CancellationTokenSource();
        var pulling = command.RunAsync(["up", "lmstudio-community/Llama-3.2-1B-Instruct-GGUF", "--json"], other.Token);
        await Eventually.TrueAsync(() => gateway.Simulator.State.Downloads.Jobs.Count > 0, "a download began");
        await other.CancelAsync();
        var left = (await pulling).Failure(ExitCodes.Interrupted);
        Assert.Equal("Interrupted. A download that has begun goes on in the service.", left.GetProperty("message").GetString());
        var jobs = (await gateway.GetJsonAsync("/admin/jobs")).Body.GetProperty("jobs");
        Assert.Equal("running", Assert.Single(jobs.EnumerateArray()).GetProperty("state").GetString());
    }
}
