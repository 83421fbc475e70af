using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Chat;

public sealed class OneAnswerTests
{
    private static readonly byte[] Picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");

    [Fact]
    public async Task A_prompt_gets_its_answer_and_nothing_else()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var answer = (await command.RunAsync("chat", GatewayUnderTest.Chat, "count", "to", "3")).Well();

        Assert.Equal(("1, 2, 3", ""), (answer.Output.TrimEnd(), answer.Errors));
    }

    [Fact]
    public async Task What_is_piped_in_comes_after_the_prompt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        command.Input = "the end\n";

        Assert.Equal("You said: Sum up:\n\nthe end", (await command.RunAsync("chat", GatewayUnderTest.Chat, "Sum up:")).Well().Output.TrimEnd());
        Assert.Equal("You said: the end", (await command.RunAsync("chat", GatewayUnderTest.Chat)).Well().Output.TrimEnd());
    }

    [Fact]
    public async Task A_program_gets_the_answer_with_its_usage()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var answer = await command.JsonAsync("chat", GatewayUnderTest.Chat, "count to 3", "--system", "Be brief.", "--max-tokens", "50", "-t", "0");

        Assert.Equal((GatewayUnderTest.Chat, "1, 2, 3", "stop"), (answer.GetProperty("model").GetString(), answer.GetProperty("text").GetString(), answer.GetProperty("finishReason").GetString()));
        Assert.True(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
    }

    [Fact]
    public async Task Without_a_name_the_active_model_answers_or_the_only_one_that_is_loaded()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var none = (await command.RunAsync("chat", "-", "Hello", "--json")).Failure(ExitCodes.BadConfiguration);
        Assert.Equal("No model was named, and none is active or loaded.", none.GetProperty("message").GetString());
        Assert.Contains(GatewayUnderTest.Other, none.GetProperty("details").EnumerateArray().Select(name => name.GetString()));

        (await command.RunAsync("models", "load", GatewayUnderTest.Other)).Well();
        Assert.Equal(GatewayUnderTest.Other, (await command.JsonAsync("chat", "-", "Hello")).GetProperty("model").GetString());
        (await command.RunAsync("models", "load", GatewayUnderTest.Chat)).Well();
        Assert.Equal("No model was named, and several are loaded.", (await command.RunAsync("chat", "-", "Hello", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
        (await command.RunAsync("models", "activate", GatewayUnderTest.Chat)).Well();
        Assert.Equal(GatewayUnderTest.Chat, (await command.JsonAsync("chat", "-", "Hello")).GetProperty("model").GetString());
    }

    [Fact]
    public async Task A_picture_goes_along()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        await File.WriteAllBytesAsync(Path.Combine(command.Folder, "dot.png"), Picture, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(command.Folder, "text.png"), "no picture", TestContext.Current.CancellationToken);

        (await command.RunAsync("chat", GatewayUnderTest.Vision, "What is this?", "--image", "dot.png")).Well();
        Assert.Equal("There is no file no.png.", (await command.RunAsync("chat", GatewayUnderTest.Vision, "What?", "--image", "no.png", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
        Assert.Equal("text.png is no PNG, JPEG, WebP or GIF picture.", (await command.RunAsync("chat", GatewayUnderTest.Vision, "What?", "-i", "text.png", "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
    }

    [Fact]
    public async Task What_fails_says_why()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        Assert.Equal("model_not_found", (await command.RunAsync("chat", "nobody/nothing", "Hello", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
        Assert.Equal("usage", (await command.RunAsync("chat", GatewayUnderTest.Chat, "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("code").GetString());
        command.Terminal = 80;
        Assert.Equal("--json answers once, and needs a prompt.", (await command.RunAsync("chat", GatewayUnderTest.Chat, "--json")).Failure(ExitCodes.BadConfiguration).GetProperty("message").GetString());
    }

    [Fact]
    public async Task Who_leaves_ends_the_generation()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { TokensPerSecond = 10 });
        using var command = CommandUnderTest.Beside(gateway);
        using var leaving = new CancellationTokenSource();

        var running = command.RunAsync(["chat", GatewayUnderTest.Chat, "count to 500"], leaving.Token);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/requests?state=streaming")).Body.GetProperty("requests").GetArrayLength() == 1, "it streams");
        await leaving.CancelAsync();

        Assert.Equal(ExitCodes.Interrupted, (await running).Code);
        await Eventually.TrueAsync(async () => (await gateway.GetJsonAsync("/debug/requests?state=cancelled")).Body.GetProperty("requests").GetArrayLength() == 1, "the service has ended it");
    }

    [Fact]
    public async Task On_a_terminal_the_speed_follows()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = 100;

        var answer = (await command.RunAsync("chat", GatewayUnderTest.Chat, "count to 30")).Well();

        Assert.Matches("tokens, [0-9.]+ tokens/s", answer.Errors);
        Assert.StartsWith("1, 2, 3", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_no_service_runs_it_asks_the_backend_itself()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);

        var answer = await command.JsonAsync("chat", GatewayUnderTest.Chat, "count to 3");

        Assert.Equal(("1, 2, 3", true), (answer.GetProperty("text").GetString(), answer.GetProperty("direct").GetBoolean()));
    }
}
