using LmGateway.Cli;
using LmGateway.Tests.Examples;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Chat;

/// <summary>A conversation at a terminal, key by key.</summary>
public sealed class ConversationTests
{
    [Fact]
    public async Task Question_follows_answer_until_one_leaves()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = Typing(gateway, "count to 3\n", "count to 4\n", "/exit\n");

        var talk = (await command.RunAsync("chat", GatewayUnderTest.Chat)).Well();

        Assert.Contains("1, 2, 3", talk.Output, StringComparison.Ordinal);
        Assert.Contains("1, 2, 3, 4", talk.Output, StringComparison.Ordinal);
        Assert.StartsWith($"Talking with {GatewayUnderTest.Chat}. /help lists what else can be typed; /exit or Ctrl+D ends it.", talk.Errors, StringComparison.Ordinal);
        // What was said before goes along.
        var requests = (await gateway.GetJsonAsync("/debug/requests?state=done")).Body.GetProperty("requests").EnumerateArray().Select(request => request.GetProperty("tokenUsage").GetProperty("promptTokens").GetInt32()).ToList();
        Assert.True(requests[0] > requests[1] + 3, string.Join(' ', requests));
    }

    [Fact]
    public async Task Lines_with_a_slash_are_obeyed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = Typing(
            gateway, "count to 3\n", "/save talk.md\n", "/save talk.md\n", "/clear\n", "/system Be brief.\n", $"/model {GatewayUnderTest.Other}\n", "/image none.png\n", "count to 2\n", "/save second.md\n", "/help\n", "\u0004");

        var talk = (await command.RunAsync("chat", GatewayUnderTest.Chat)).Well();

        Assert.Equal("## user\n\ncount to 3\n\n## assistant\n\n1, 2, 3\n\n", await File.ReadAllTextAsync(Path.Combine(command.Folder, "talk.md"), TestContext.Current.CancellationToken));
        Assert.Equal(
            "## system\n\nBe brief.\n\n## user\n\ncount to 2\n\n## assistant\n\n1, 2\n\n", await File.ReadAllTextAsync(Path.Combine(command.Folder, "second.md"), TestContext.Current.CancellationToken));
        Assert.Contains("exists", talk.Errors, StringComparison.Ordinal);
        Assert.Contains($"Talking with {GatewayUnderTest.Other}.", talk.Errors, StringComparison.Ordinal);
        Assert.Contains("There is no file none.png.", talk.Errors, StringComparison.Ordinal);
        Assert.Contains("/clear forgets what was said", talk.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_documented_conversation_goes_as_printed()
    {
        var (printed, _) = Assert.Single(new DocumentedPage("docs/cli.md").RunElsewhere(), block => block.Test == nameof(ConversationTests));
        var lines = printed.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = Typing(gateway, [.. lines.Where(line => line.StartsWith("> ", StringComparison.Ordinal)).Select(line => line[2..] + "\n")]);
        await File.WriteAllBytesAsync(Path.Combine(command.Folder, "dot.png"), Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="), TestContext.Current.CancellationToken);

        var talk = (await command.RunAsync("chat", GatewayUnderTest.Chat)).Well();

        foreach (var line in lines.Where(line => !line.StartsWith("> ", StringComparison.Ordinal)))
            Assert.Contains(line.Split('…').MaxBy(part => part.Length)!, talk.Output + talk.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_does_not_end_the_conversation()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = Typing(gateway, "Hello\n", $"/model {GatewayUnderTest.Chat}\n", "count to 3\n", "/exit\n");

        var talk = (await command.RunAsync("chat", "nobody/nothing")).Well();

        Assert.Contains("lmgateway: Model 'nobody/nothing'", talk.Errors, StringComparison.Ordinal);
        Assert.Contains("1, 2, 3", talk.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_typed_is_remembered_for_its_owner_unless_that_is_not_wanted(bool wanted)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = Typing(gateway, "count to 3\n", "/exit\n");
        string[] options = wanted ? [] : ["--no-history"];

        (await command.RunAsync(["chat", GatewayUnderTest.Chat, .. options])).Well();

        var file = Path.Combine(command.Folder, "chat-history");
        Assert.Equal(wanted, File.Exists(file));
        if (!wanted) return;
        Assert.Equal(["count to 3", "/exit"], await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    private static CommandUnderTest Typing(GatewayUnderTest gateway, params string[] lines)
    {
        var command = CommandUnderTest.Beside(gateway);
        var keys = new Queue<char>(string.Concat(lines));
        command.Terminal = 100;
        command.ReadKey = () => keys.Dequeue() switch
        {
            '\n' => new ConsoleKeyInfo('\r', ConsoleKey.Enter, shift: false, alt: false, control: false),
            '\u0004' => new ConsoleKeyInfo('\u0004', ConsoleKey.D, shift: false, alt: false, control: true),
            var letter => new ConsoleKeyInfo(letter, ConsoleKey.None, shift: false, alt: false, control: false),
        };
        return command;
    }
}
