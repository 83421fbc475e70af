using System.Text.Json;
using LmGateway.Cli;
using LmGateway.Nats;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Transfers;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Cli.Models;

/// <summary><c>lmgateway models push|sync</c> beside a service that runs.</summary>
public sealed class ModelsCopyTests : IDisposable
{
    private const string Granite = "ibm-granite/granite-3.0-2b-instruct/granite-3.0-2b-instruct-Q4_K_M.gguf";

    private readonly StringWriter output = new();
    private readonly StringWriter errors = new();

    public void Dispose()
    {
        output.Dispose();
        errors.Dispose();
    }

    [Fact]
    public async Task A_model_is_pushed_and_synced_again()
    {
        await using var repository = await ModelRepository.StartAsync();
        await using var gateway = await repository.GatewayAsync(options => options with { Security = options.Security with { ApiKey = "the-key-of-the-test" } });
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<NatsLink>().State.IsConnected, "the gateway is connected to NATS");
        string[] service = ["--url", gateway.Address.ToString(), "--set", "security.api_key=the-key-of-the-test"];
        Assert.True(await RunAsync(["models", "push", "granite", .. service]) == ExitCodes.Success, errors.ToString());
        Assert.Equal(Granite, output.ToString().Trim());

        var file = Path.Combine(gateway.Simulator.State.Models.Root, Granite);
        var weights = await File.ReadAllBytesAsync(file);
        Assert.Equal(weights, await repository.GetAsync(Granite));
        File.Delete(file);
        output.GetStringBuilder().Clear();
        Assert.True(await RunAsync(["models", "sync", "ibm-granite/granite-3.0-2b-instruct", "--json", .. service]) == ExitCodes.Success, errors.ToString());
        Assert.Equal(file, JsonElement.Parse(output.ToString()).GetProperty("result").GetProperty("localPath").GetString());
        Assert.Equal(weights, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task What_fails_says_why_and_what_to_do()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(ExitCodes.Failed, await RunAsync("models", "push", "granite", "--url", gateway.Address.ToString()));
        Assert.Contains("NATS is off", Said(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, await RunAsync("models", "sync", "a/b/..", "--url", gateway.Address.ToString()));
        Assert.Contains("'..' cannot be the name", Said(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NoService, await RunAsync("models", "push", "granite", "--url", "http://127.0.0.1:9"));
        Assert.Contains("Start it with 'lmgateway serve', or name it with --url.", Said(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync("models", "push", "granite", "--url", "nonsense"));
        Assert.Contains("'nonsense' is not the address of a service", Said(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync("models", "push"));
        Assert.Equal(ExitCodes.BadConfiguration, await RunAsync("models", "push", "granite", "--port", "70000"));
    }

    [Fact]
    public async Task The_service_is_found_by_the_environment()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(ExitCodes.Failed, await RunAsync(new Dictionary<string, string> { ["LMGATEWAY_URL"] = gateway.Address.ToString() }, "models", "push", "granite"));
        Assert.Contains("NATS is off", Said(), StringComparison.Ordinal);
    }

    private string Said()
    {
        var said = errors.ToString();
        errors.GetStringBuilder().Clear();
        return said;
    }

    private Task<int> RunAsync(params string[] arguments) => RunAsync([], arguments);

    private Task<int> RunAsync(Dictionary<string, string> environment, params string[] arguments) => CommandLine.RunAsync(
        arguments,
        new CommandHandlers { Serve = (_, _, _) => Task.FromResult(99), Mcp = (_, _, _) => Task.FromResult(99), Simulate = (_, _, _) => Task.FromResult(99), SimulateLms = (_, _) => Task.FromResult(99) },
        new CommandSurroundings { Out = output, Error = errors, WorkingFolder = Path.GetTempPath(), Environment = environment },
        TestContext.Current.CancellationToken);
}
