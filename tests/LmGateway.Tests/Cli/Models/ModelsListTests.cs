using LmGateway.Cli;
using LmGateway.Tests.Functional;
using Xunit;

namespace LmGateway.Tests.Cli.Models;

public sealed class ModelsListTests
{
    private const string Table =
        """
        MODEL                                 TYPE       PARAMS  QUANT        SIZE    CONTEXT  STATE
        granite-3.0-2b-instruct               llm        2B      Q4_K_M     1.6 GB       4096  not loaded
        qwen/qwen3-4b-2507                    llm        4B      Q4_K_M     2.5 GB     262144  not loaded
        qwen2-1.5b-instruct                   llm        1.5B    Q4_K_M  986.05 MB  2048/32768  loaded as primary
        qwen3-vl-4b-instruct                  vision     4B      Q4_K_M    3.33 GB     262144  not loaded
        text-embedding-nomic-embed-text-v1.5  embedding  -       Q4_K_M   84.11 MB       2048  not loaded
        """;

    [Fact]
    public async Task Piped_the_models_stand_in_columns_that_stay_as_they_are()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        (await command.RunAsync("models", "load", GatewayUnderTest.Chat, "--identifier", "primary", "-c", "2048")).Well();

        var listed = (await command.RunAsync("models", "list")).Well();

        Assert.Equal(Words(Table), Words(listed.Output));
        Assert.Equal("", listed.Errors);
        Assert.DoesNotContain('\e', listed.Output);
        Assert.Single(listed.Lines.Select(line => line.IndexOf("TYPE", StringComparison.Ordinal)), at => at > 0);
        Assert.All(listed.Lines[1..], line => Assert.Equal("  ", line[36..38]));

        var chosen = (await command.RunAsync("models", "list", "--loaded")).Well();
        Assert.Equal(2, chosen.Lines.Length);
        Assert.Equal(2, (await command.RunAsync("models", "list", "--type", "vision")).Lines.Length);
        Assert.Equal(6, (await command.RunAsync("models", "ls", "--backend", "lmstudio")).Lines.Length);
        Assert.Equal("", (await command.RunAsync("models", "list", "--backend", "elsewhere")).Well().Output);

        static string[] Words(string text) => [.. text.Split('\n').Select(line => string.Join('|', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))).Where(line => line.Length > 0)];
    }

    [Fact]
    public async Task A_program_gets_all_that_is_known()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);

        var listed = await command.JsonAsync("models", "list", "--type", "embedding");

        Assert.Equal(["models", "direct"], listed.EnumerateObject().Select(member => member.Name));
        Assert.False(listed.GetProperty("direct").GetBoolean());
        var model = Assert.Single(listed.GetProperty("models").EnumerateArray());
        Assert.Equal(
            (GatewayUnderTest.Embedder, "not-loaded", 84106624, 2048),
            (model.GetProperty("modelKey").GetString(), model.GetProperty("state").GetString(), model.GetProperty("sizeBytes").GetInt64(), model.GetProperty("maxContextLength").GetInt32()));
    }

    [Fact]
    public async Task What_each_would_need_is_asked_for_on_demand()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(options => options with { MemoryModels = 1 });
        using var command = CommandUnderTest.Beside(gateway);

        Assert.EndsWith("NEEDS  FITS", (await command.RunAsync("models", "list", "--estimate")).Well().Lines[0], StringComparison.Ordinal);
        Assert.All((await command.JsonAsync("models", "list", "--estimate")).GetProperty("models").EnumerateArray(), model => Assert.True(model.GetProperty("estimate").GetProperty("fits").GetBoolean()));
        (await command.RunAsync("models", "load", GatewayUnderTest.Chat)).Well();
        Assert.All((await command.RunAsync("models", "list", "--estimate", "--type", "vision")).Well().Lines[1..], line => Assert.EndsWith(" no", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(76)]
    [InlineData(200)]
    public async Task On_a_terminal_no_line_is_wider_than_it_and_colours_can_be_forbidden(int width)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Beside(gateway);
        command.Terminal = width;
        await command.RunAsync("models", "load", GatewayUnderTest.Chat);

        var coloured = (await command.RunAsync("models", "list")).Well();
        Assert.Contains("\e[32m", coloured.Output, StringComparison.Ordinal);
        Assert.All(coloured.Output.Split('\n'), line => Assert.True(Plain(line).Length <= width, line));

        command.Environment["NO_COLOR"] = "1";
        Assert.DoesNotContain("\e[3", (await command.RunAsync("models", "list")).Output, StringComparison.Ordinal);

        static string Plain(string line) => System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9;]*[A-Za-z]", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(10)).TrimEnd();
    }

    [Fact]
    public async Task Where_no_service_runs_it_looks_itself_and_says_so()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var command = CommandUnderTest.Alone(gateway.Simulator.Address);

        var listed = (await command.RunAsync("models", "list")).Well();

        Assert.Equal(6, listed.Lines.Length);
        Assert.Equal(
            $"No service at http://127.0.0.1:{command.Environment["LMGATEWAY_LISTEN__PORT"]}; working directly with LM Studio at {gateway.Simulator.Address.ToString().TrimEnd('/')}.",
            listed.Errors.Trim());
        Assert.True((await command.JsonAsync("models", "list")).GetProperty("direct").GetBoolean());
    }

    [Fact]
    public async Task What_is_wrong_is_told_with_what_to_do()
    {
        using var command = new CommandUnderTest(new Uri("http://127.0.0.1:9"));
        var none = (await command.RunAsync("models", "list", "--json")).Failure(ExitCodes.NoService);
        Assert.Equal(("no_service", "Start it with 'lmgateway serve', or name it with --url."), (none.GetProperty("code").GetString(), none.GetProperty("next").GetString()));

        var usage = (await command.RunAsync("models", "list", "--type", "bread", "--json")).Failure(ExitCodes.BadConfiguration);
        Assert.Equal("usage", usage.GetProperty("code").GetString());
        Assert.Equal("Run 'lmgateway models list --help' for what can be given.", usage.GetProperty("next").GetString());

        command.Environment.Remove("LMGATEWAY_URL");
        command.Environment["LMGATEWAY_LISTEN__PORT"] = FreePort.Next().ToString();
        command.Environment["LMSTUDIO_URL"] = "http://127.0.0.1:9";
        command.Environment["LMGATEWAY_LMSTUDIO__CONNECT_ATTEMPTS"] = "1";
        var down = (await command.RunAsync("models", "list", "--json")).Failure(ExitCodes.Failed);
        Assert.Equal("unavailable", down.GetProperty("code").GetString());
        Assert.Contains("lmgateway status", down.GetProperty("next").GetString(), StringComparison.Ordinal);
    }
}
