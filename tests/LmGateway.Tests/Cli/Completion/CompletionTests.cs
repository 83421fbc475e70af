using LmGateway.Backends;
using LmGateway.Cli;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Setup;
using LmGateway.Tests.Functional.Provider;
using Xunit;

namespace LmGateway.Tests.Cli.Completion;

public sealed class CompletionTests
{
    [Fact]
    public async Task Commands_options_and_the_models_of_the_service_are_offered()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        Assert.Equal(["status"], await OfferedAsync(command, "lmgateway stat"));
        Assert.Contains("load", await OfferedAsync(command, "lmgateway models "));
        Assert.Contains("--context-length", await OfferedAsync(command, "lmgateway models load x --con"));
        Assert.Contains(GatewayUnderTest.Chat, await OfferedAsync(command, "lmgateway models load "));
        Assert.Contains("qwen/qwen3-4b-2507", await OfferedAsync(command, "lmgateway chat qwen"));
    }

    [Fact]
    public async Task Without_a_service_nothing_is_said_and_commands_are_offered_all_the_same()
    {
        using var command = new CommandUnderTest(new Uri("http://127.0.0.1:9"));
        var offered = (await command.RunAsync("[suggest:22]", "lmgateway models load ")).Well();
        Assert.Equal("", offered.Errors);
        Assert.DoesNotContain(GatewayUnderTest.Chat, offered.Output, StringComparison.Ordinal);
        Assert.Contains("--gpu", offered.Lines);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _lmgateway lmgateway")]
    [InlineData("zsh", "compdef _lmgateway lmgateway")]
    [InlineData("fish", "complete -c lmgateway -f")]
    [InlineData("pwsh", "Register-ArgumentCompleter -Native -CommandName lmgateway")]
    public async Task Each_shell_has_its_script(string shell, string line)
    {
        using var command = new CommandUnderTest();
        Assert.Contains(line, (await command.RunAsync("completion", shell)).Well().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_the_argument_and_not_every_model_that_it_could_be()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        foreach (var name in new[] { "models load", "models unload", "up", "chat" })
        {
            var help = (await command.RunAsync([.. name.Split(' '), "--help"])).Well().Output;
            Assert.Contains("<MODEL>", help, StringComparison.Ordinal);
            Assert.DoesNotContain(GatewayUnderTest.Other, help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Another_shell_is_refused()
    {
        using var command = new CommandUnderTest();
        var refused = await command.RunAsync("completion", "tcsh");
        Assert.Equal(ExitCodes.BadConfiguration, refused.Code);
        Assert.Contains("tcsh", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_script_completes_words_in_bash()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "bash is on Linux.");
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        foreach (var name in new[] { GatewayUnderTest.Chat, GatewayUnderTest.Chat }) (await command.RunAsync("models", "load", name)).Well();
        var script = Path.Combine(command.Folder, "completion.bash");
        await File.WriteAllTextAsync(script, (await command.RunAsync("completion", "bash")).Output, TestContext.Current.CancellationToken);

        Assert.Equal("granite-3.0-2b-instruct", await CompleteAsync("lmgateway models load gra"));
        Assert.Equal("status", await CompleteAsync("lmgateway stat"));
        // Readline replaces what follows the colon.
        Assert.Equal("2", await CompleteAsync("lmgateway models unload qwen2-1.5b-instruct:"));

        async Task<string> CompleteAsync(string line)
        {
            var typed = $"lmgateway() {{ '{ProgramUnderTest.Executable}' \"$@\"; }}; source '{script}'; COMP_WORDBREAKS=$' \\t\\n:'; COMP_LINE='{line}'; COMP_POINT={line.Length}; _lmgateway; printf '%s\\n' \"${{COMPREPLY[@]}}\"";
            var (code, said) = await FreshMachine.RunAsync("bash", ["-c", typed], command.Environment);
            Assert.True(code == 0, said);
            return said.Trim();
        }
    }

    [Theory]
    [InlineData("models load gra", "granite-3.0-2b-instruct")]
    [InlineData("stat", "status")]
    public async Task The_script_completes_words_in_fish(string typed, string completed)
    {
        Assert.SkipUnless(ProgramPath.Find("fish") is not null, "fish is not installed.");
        Assert.Equal(completed, await CompleteInAsync("fish", script => $"function lmgateway; '{ProgramUnderTest.Executable}' $argv; end; source '{script}'; complete -C 'lmgateway {typed}'"));
    }

    [Theory]
    [InlineData("models load gra", "granite-3.0-2b-instruct")]
    [InlineData("stat", "status")]
    public async Task The_script_completes_words_in_zsh(string typed, string completed)
    {
        Assert.SkipUnless(ProgramPath.Find("zsh") is not null, "zsh is not installed.");
        // Outside of its line editor zsh has no compadd; what it is given is what would be offered.
        Assert.Equal(completed, await CompleteInAsync("zsh", script => $"lmgateway() {{ '{ProgramUnderTest.Executable}' \"$@\" }}; compdef() {{ }}; compadd() {{ shift; print -l -- \"$@\" }}; source '{script}'; BUFFER='lmgateway {typed}'; CURSOR=${{#BUFFER}}; _lmgateway"));
    }

    private static async Task<string> CompleteInAsync(string shell, Func<string, string> type)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        var script = Path.Combine(command.Folder, "completion");
        await File.WriteAllTextAsync(script, (await command.RunAsync("completion", shell)).Output, TestContext.Current.CancellationToken);
        var (code, said) = await FreshMachine.RunAsync(shell, ["-c", type(script)], command.Environment);
        Assert.True(code == 0, said);
        return said.Trim();
    }

    private static async Task<string[]> OfferedAsync(CommandUnderTest command, string line) => (await command.RunAsync($"[suggest:{line.Length}]", line)).Well().Lines;
}
