using System.Text.Json;
using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Status;

public sealed class TopTests
{
    [Fact]
    public async Task Piped_it_is_one_picture_with_requests_under_way_and_ended()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 20 });
        using var command = CommandUnderTest.Beside(gateway);
        (await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3"))).Dispose();
        using var running = await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 500", "\"stream\":true"));

        var picture = (await command.RunAsync("top")).Well();

        Assert.Matches("^healthy, up .*, 1 under way, 0 waiting, [0-9.]+ tokens/s, memory [0-9.]+ [MG]B$", picture.Lines[0]);
        Assert.Contains(picture.Lines, line => line.StartsWith($"{GatewayUnderTest.Chat} ", StringComparison.Ordinal));
        var requests = picture.Lines.Where(line => line.StartsWith("req_", StringComparison.Ordinal)).ToList();
        Assert.Contains(" streaming ", requests[0], StringComparison.Ordinal);
        Assert.Contains(" done ", requests[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_get_a_line_for_each_picture()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        Assert.Single((await command.RunAsync("top", "--json")).Well().Lines);
        var pictures = (await command.RunAsync("top", "--json", "--frames", "3", "--interval", "0.1")).Well();

        Assert.Equal(3, pictures.Lines.Length);
        Assert.Equal("", pictures.Errors);
        Assert.All(pictures.Lines, line => Assert.Equal(
            ["status", "uptimeSeconds", "memoryBytes", "tokensPerSecond", "performance", "queue", "requests"], JsonElement.Parse(line).EnumerateObject().Select(member => member.Name)));
    }

    [Fact]
    public async Task On_a_terminal_the_picture_is_drawn_in_place_until_one_leaves()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = 100;
        using var leaving = new CancellationTokenSource();

        var watching = command.RunAsync(["top", "--interval", "0.1"], leaving.Token);
        (await gateway.PostAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 3"))).Dispose();
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/status")).Body.GetProperty("totalRequests").GetInt32() == 1, "a request was made");
        await leaving.CancelAsync();

        Assert.Equal(ExitCodes.Success, (await watching).Code);
        var seen = (await command.RunAsync("top", "--frames", "2", "--interval", "0.1")).Well().Output;
        Assert.Contains("\e[", seen, StringComparison.Ordinal);
        Assert.Contains("REQUEST", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pause_that_is_none_is_refused()
    {
        using var command = new CommandUnderTest(new Uri("http://127.0.0.1:9"));
        Assert.Equal(
            "--interval 0: seconds from 0.1 to 3600 are expected", (await command.RunAsync("top", "--interval", "0", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
    }
}
