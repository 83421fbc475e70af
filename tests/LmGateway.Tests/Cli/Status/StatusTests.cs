using LmGateway.Cli;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmStudio.Simulator;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Cli.Status;

public sealed class StatusTests
{
    [Fact]
    public async Task How_the_service_is_at_a_glance()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        (await command.RunAsync("models", "load", GatewayUnderTest.Chat, "--identifier", "primary", "--activate")).Well();

        var status = (await command.RunAsync("status")).Well();

        Assert.Equal(["service", "backend", "loaded", "active", "requests", "NATS"], status.Lines.Select(line => line.Split(' ')[0]));
        Assert.StartsWith($"service   healthy, {gateway.Address.ToString().TrimEnd('/')}, version 0.1.0, up ", status.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("backend   lmstudio: 5 models, 1 loaded, answers in ", status.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"loaded    primary ({GatewayUnderTest.Chat}), context ", status.Lines[2], StringComparison.Ordinal);
        Assert.Equal($"active    {GatewayUnderTest.Chat}", status.Lines[3]);
        Assert.Equal("requests  0 under way, 0 waiting, 0 in all, 0 failed", status.Lines[4]);
        Assert.Equal("NATS      off", status.Lines[5]);

        var json = await command.JsonAsync("status");
        Assert.Equal(
            ["status", "url", "version", "uptimeSeconds", "backends", "loaded", "activeModel", "requests", "queue", "nats", "direct"], json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("healthy", json.GetProperty("status").GetString());
        Assert.Equal("primary", json.GetProperty("loaded")[0].GetProperty("instanceId").GetString());
    }

    [Fact]
    public async Task A_backend_that_is_away_makes_code_4()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9");
        using var command = CommandUnderTest.Beside(gateway);

        var status = await command.RunAsync("status");

        Assert.Equal(ExitCodes.Degraded, status.Code);
        Assert.StartsWith("service   degraded, ", status.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("backend   lmstudio: cannot be reached. ", status.Lines[1], StringComparison.Ordinal);
        Assert.Equal("degraded", (await command.RunAsync("status", "--json")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Without_a_service_it_says_so_looks_at_the_backend_and_makes_code_3()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);

        var status = await command.RunAsync("status");

        Assert.Equal(ExitCodes.NoService, status.Code);
        Assert.Equal($"service   not running at http://127.0.0.1:{command.Environment["LMGATEWAY_LISTEN__PORT"]}", status.Lines[0]);
        Assert.StartsWith("backend   lmstudio: 5 models, 0 loaded", status.Lines[1], StringComparison.Ordinal);
        Assert.EndsWith("Start the service with 'lmgateway serve'.", status.Errors.Trim(), StringComparison.Ordinal);
        var json = await command.RunAsync("status", "--json");
        Assert.Equal(("not-running", true, ""), (json.Json.GetProperty("status").GetString(), json.Json.GetProperty("direct").GetBoolean(), json.Errors));
    }

    [Fact]
    public async Task A_service_named_but_not_there_is_a_failure()
    {
        using var command = new CommandUnderTest(new Uri("http://127.0.0.1:9"));
        Assert.Equal("no_service", (await command.RunAsync("status", "--json")).Failure(ExitCodes.NoService).GetProperty("code").GetString());
        Assert.Equal("no_service", (await command.RunAsync("top", "--json")).Failure(ExitCodes.NoService).GetProperty("code").GetString());
    }

    [Fact]
    public async Task On_a_terminal_each_line_has_a_mark()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = 120;
        Assert.Contains("\e[32m●", (await command.RunAsync("status")).Well().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_key_it_says_which_key_to_give_and_with_it_all_is_shown()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Security = new SecurityOptions { ApiKey = "a-long-enough-key" } });
        using var command = CommandUnderTest.Beside(gateway);

        var refused = (await command.RunAsync("models", "list", "--json")).Failure(ExitCodes.Failed);
        Assert.Equal("unauthorized", refused.GetProperty("code").GetString());
        Assert.Contains("LMGATEWAY_KEY", refused.GetProperty("next").GetString(), StringComparison.Ordinal);
        var wrong = await command.RunAsync("models", "list", "--key", "not-the-right-key", "--json");
        Assert.StartsWith("The key that was sent is none of its keys.", wrong.Failure(ExitCodes.Failed).GetProperty("next").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-right-key", wrong.Output + wrong.Errors, StringComparison.Ordinal);
        (await command.RunAsync("models", "list", "--key", "a-long-enough-key")).Well();
        foreach (var name in new[] { "LMGATEWAY_KEY", "GATEWAY_API_KEY" })
        {
            command.Environment[name] = "a-long-enough-key";
            Assert.Equal("healthy", (await command.JsonAsync("status")).GetProperty("status").GetString());
            command.Environment.Remove(name);
        }
    }

    [Fact]
    public async Task What_answers_but_is_something_else_is_told_apart()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = new CommandUnderTest(gateway.Simulator.Address);
        foreach (var arguments in new[] { "status", "models list", "jobs list", "top" })
            Assert.Equal("not_lmgateway", (await command.RunAsync([.. arguments.Split(' '), "--json"])).Failure(ExitCodes.NoService).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_stranger_at_the_usual_address_is_no_service()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        await using var stranger = await SimulatorServer.StartAsync(new SimulatorOptions());
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);
        command.Environment["LMGATEWAY_LISTEN__PORT"] = stranger.Address.Port.ToString();
        Assert.True((await command.JsonAsync("models", "list")).GetProperty("direct").GetBoolean());
    }
}
