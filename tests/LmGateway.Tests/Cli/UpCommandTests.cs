using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli;

public sealed class UpCommandTests
{
    [Fact]
    public async Task The_steps_are_told_to_people_and_programs()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);

        var first = (await command.RunAsync("up", GatewayUnderTest.Chat, "--backend", "lmstudio")).Well();
        Assert.Equal($"{GatewayUnderTest.Chat} is ready as {GatewayUnderTest.Chat}.", first.Lines[^1]);
        Assert.Contains($"done  Loaded model {GatewayUnderTest.Chat} into memory", first.Lines);
        Assert.DoesNotContain('\e', first.Output + first.Errors);

        var again = await command.JsonAsync("up", GatewayUnderTest.Chat, "--backend", "lmstudio");
        Assert.Equal((GatewayUnderTest.Chat, 3), (again.GetProperty("identifier").GetString(), again.GetProperty("steps").GetArrayLength()));
    }

    [Fact]
    public async Task What_stands_in_the_way_is_a_failure_with_what_to_do()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);
        command.Environment["LMGATEWAY_LMSTUDIO__LMS_PATH"] = "/no/lms/here";

        var failed = (await command.RunAsync("up", "nobody/nothing", "--backend", "lmstudio", "--json")).Failure(ExitCodes.Failed);
        Assert.Contains("nobody/nothing", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("bad_settings", (await command.RunAsync("up", "--backend", "vllm", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("code").GetString());
    }
}
