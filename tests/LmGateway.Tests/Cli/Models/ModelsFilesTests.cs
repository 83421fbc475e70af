using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Models;

/// <summary><c>models search|pull|rm</c></summary>
public sealed class ModelsFilesTests
{
    private const string Wanted = "https://huggingface.co/lmstudio-community/Llama-3.2-1B-Instruct-GGUF@Q4_K_M";
    private const string Key = "llama-3.2-1b-instruct";

    [Fact]
    public async Task Models_are_searched_for()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var found = (await command.RunAsync("models", "search", "llama-3.2")).Well();
        Assert.StartsWith("NAME ", found.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("lmgateway models pull https://huggingface.co/lmstudio-community/Llama-3.2-1B-Instruct-GGUF", found.Lines[1], StringComparison.Ordinal);
        Assert.Equal("hf", (await command.JsonAsync("models", "search", "llama-3.2")).GetProperty("models")[0].GetProperty("source").GetString());
        Assert.Equal("Nothing found.", (await command.RunAsync("models", "search", "no-such-model-anywhere")).Well().Errors.Trim());
        Assert.Equal("invalid_request", (await command.RunAsync("models", "search", "x", "--limit", "1000", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_model_is_downloaded_and_deleted_again()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var pulled = (await command.RunAsync("models", "pull", Wanted)).Well();
        Assert.Equal($"Downloaded {Wanted} (807.69 MB).", pulled.Output.Trim());
        Assert.InRange(pulled.Errors.Split('\n').Length, 1, 13);
        Assert.DoesNotContain('\e', pulled.Errors);
        Assert.Equal("done", (await command.JsonAsync("models", "pull", Wanted)).GetProperty("state").GetString());

        var unasked = (await command.RunAsync("models", "rm", Key, "--json")).Failure(ExitCodes.BadConfiguration);
        Assert.Equal("Add --yes to delete it for good.", unasked.GetProperty("next").GetString());
        Assert.Equal(Key, (await command.JsonAsync("models", "rm", Key, "--yes")).GetProperty("modelKey").GetString());
        Assert.Equal("not_found", (await command.RunAsync("models", "rm", Key, "--yes", "--json")).Failure(ExitCodes.Failed).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("YES", true)]
    [InlineData("", false)]
    [InlineData("no", false)]
    [InlineData("yesterday", false)]
    public async Task At_a_terminal_it_is_asked_for(string answer, bool deletes)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        (command.Terminal, command.Input) = (100, answer + "\n");

        var asked = await command.RunAsync("models", "rm", GatewayUnderTest.Other);

        Assert.StartsWith($"Delete {GatewayUnderTest.Other} (1.6 GB) for good? [y/N] ", asked.Errors, StringComparison.Ordinal);
        Assert.Equal(deletes ? ExitCodes.Success : ExitCodes.Failed, asked.Code);
        Assert.Equal(!deletes, (await command.JsonAsync("models", "list")).GetProperty("models").EnumerateArray().Any(model => model.GetProperty("modelKey").ValueEquals(GatewayUnderTest.Other)));
    }

    [Fact]
    public async Task A_download_shows_a_bar_with_size_and_speed_on_a_terminal()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { DownloadTime = TimeSpan.FromMilliseconds(1500) });
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = 160;

        var pulled = (await command.RunAsync("models", "pull", Wanted)).Well();

        Assert.Matches("[0-9.]+ [KM]?B of 807.69 MB", pulled.Errors);
        Assert.Equal($"Downloaded {Wanted} (807.69 MB).", pulled.Output.Trim());
    }

    [Fact]
    public async Task Where_no_service_runs_it_downloads_itself()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);
        command.Environment["LMGATEWAY_LMSTUDIO__LMS_PATH"] = "/no/lms/here";

        var pulled = await command.JsonAsync("models", "pull", Wanted);

        Assert.Equal("done", pulled.GetProperty("state").GetString());
        Assert.True(pulled.GetProperty("direct").GetBoolean());
        Assert.Contains((await command.JsonAsync("models", "list")).GetProperty("models").EnumerateArray(), model => model.GetProperty("modelKey").ValueEquals(Key));
    }

    [Fact]
    public async Task A_download_that_cannot_be_made_says_why()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var failed = (await command.RunAsync("models", "pull", "nobody/nothing-at-all", "--json")).Failure(ExitCodes.Failed);

        Assert.Contains("lmgateway jobs show job_", failed.GetProperty("next").GetString(), StringComparison.Ordinal);
    }
}
