using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Configuration;
using LmGateway.Tests.Configuration;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Nats;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>
/// Our own documents are true: every command of a page is run, in order, against one service, and answered as printed. In a printed
/// reply <c>…</c> stands for anything and numbers of JSON for numbers. Settings load. What is not run says why in a comment before it
/// (<c>not run: reason</c>), or by which test it is run (<c>run by: NameTests</c>).
/// </summary>
public sealed class DocumentationTests
{
    /// <summary>Pages whose commands need another service than the one that runs without settings.</summary>
    private static readonly Dictionary<string, Func<GatewayOptions, GatewayOptions>> Settings = new()
    {
        ["docs/security.md"] = options => options with { Security = options.Security with { ApiKey = "change-me-please" } },
    };

    /// <summary>Subjects of NATS, events and files look like settings and are none.</summary>
    private static bool LooksOtherwise(string key) => key.StartsWith("lmstudio.", StringComparison.Ordinal) || key is "inference.complete" or "chat.completion.chunk" || key.EndsWith(".json", StringComparison.Ordinal) || key.EndsWith(".yaml", StringComparison.Ordinal);

    private const string NatsPage = "docs/nats-api.md";

    public static TheoryData<string> Pages() => [.. DocumentedPage.All().Where(page => page.Path != NatsPage && page.Commands().Any()).Select(page => page.Path)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_command_of_a_page_works_and_is_answered_as_printed(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The commands are typed into bash.");
        await using var gateway = await GatewayUnderTest.StartAsync(configure: Settings.GetValueOrDefault(path));
        using var shell = new DocumentedShell(gateway);
        foreach (var (commands, printed) in new DocumentedPage(path).Commands())
        {
            var result = await shell.RunAsync(commands.Text, TestContext.Current.CancellationToken);
            AssertAsPrinted(result, printed, $"{path} line {commands.Line}");
        }
    }

    [Fact]
    [Trait("req", "S0-62")]
    public async Task Every_command_of_the_NATS_page_works_and_is_answered_as_printed()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        foreach (var (commands, printed) in new DocumentedPage(NatsPage).Commands())
        {
            var reply = "";
            foreach (var command in NatsCommand.All(commands.Text)) reply = await command.RunAsync(nats);
            if (printed?.Language == "json") AssertFits(JsonElement.Parse(printed.Text), JsonElement.Parse(reply), commands.Name);
            else AssertText(printed, reply, commands.Name);
        }
    }

    [Fact]
    public void Every_block_of_the_documents_is_run_or_says_why_not()
    {
        var silent = from page in DocumentedPage.All()
                     from fence in page.Unaccounted()
                     select $"{page.Path} line {fence.Line}: ```{fence.Info}";
        Assert.Empty(silent);
    }

    [Fact]
    public void A_block_that_another_test_runs_names_one_that_reads_its_page()
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).ToLookup(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText);
        Assert.All(DocumentedPage.All().SelectMany(page => page.RunElsewhere(), (page, block) => (page.Path, block.Fence, block.Test)), block =>
            Assert.True(tests[block.Test].Any(source => source.Contains(block.Path, StringComparison.Ordinal)), $"{block.Path} line {block.Fence.Line}: {block.Test}"));
    }

    [Fact]
    public void The_settings_that_the_pages_print_are_good() =>
        Assert.All(DocumentedPage.All().SelectMany(page => page.Settings()), fence =>
        {
            var loaded = Given.FromYaml(fence.Text);
            Assert.Empty(loaded.Errors);
        });

    [Fact]
    public void The_settings_that_the_pages_name_exist()
    {
        var sections = SettingTable.Keys.Select(key => key.Split('.')[0]).ToHashSet(StringComparer.Ordinal);
        var wrong = from path in DocumentedPage.All().Select(page => page.Path)
                    from Match code in Regex.Matches(File.ReadAllText(Path.Combine(Repository.Root, path)), @"`(?<key>[a-z_]+(\.[a-z_]+)+)(: [^`]*)?`", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
                    let key = code.Groups["key"].Value
                    where sections.Contains(key.Split('.')[0]) && !SettingTable.HasKey(key) && !SettingTable.IsSection(key) && !LooksOtherwise(key)
                    select $"{path}: {key}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_README_can_be_read_in_one_go()
    {
        var lines = File.ReadAllLines(Path.Combine(Repository.Root, "README.md")).Length;
        Assert.True(lines <= 120, $"README.md has {lines} lines.");
    }

    [Theory]
    [InlineData("```bash\ncurl x\n```\n\n```json\n{}\n```", "")]
    [InlineData("```json\n{}\n```", "json")]
    [InlineData("<!-- not run: needs systemd -->\n```sh\nsystemctl\n```", "")]
    [InlineData("<!-- not run: -->\n```sh\nsystemctl\n```", "sh")]
    [InlineData("<!-- a comment -->\n```js\n1\n```", "js")]
    public void A_block_is_run_shown_by_a_command_or_excused(string markdown, string unaccounted)
    {
        string[] expected = unaccounted.Length > 0 ? [unaccounted] : [];
        Assert.Equal(expected, DocumentedPage.Of("page.md", markdown).Unaccounted().Select(fence => fence.Language));
    }

    [Fact]
    public void Every_page_that_the_documents_link_to_is_there()
    {
        var missing = from path in DocumentedPage.All().Select(page => Path.Combine(Repository.Root, page.Path))
                      from Match link in Regex.Matches(File.ReadAllText(path), @"\]\((?<target>[^)#:\s]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
                      let target = Path.GetFullPath(link.Groups["target"].Value, Path.GetDirectoryName(path)!)
                      where !File.Exists(target) && !Directory.Exists(target)
                      select $"{Repository.Relative(path)} links to {link.Groups["target"].Value}";
        Assert.Empty(missing);
    }

    /// <summary>
    /// The number after a printed block's language is a status (<c>json 404</c>) or an exit code (<c>text 1</c>) of the last command; without one
    /// every command must succeed.
    /// </summary>
    private static void AssertAsPrinted(ShellResult result, Fence? printed, string where)
    {
        var expected = printed?.Info.Split(' ') is [_, var number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0;
        var code = expected is > 0 and < 100 ? expected : 0;
        Assert.True(result.Code == code, $"{where}: exit code {result.Code}\n{result.Output}\n{result.Errors}");
        for (var at = 0; at < result.Statuses.Count; at++)
        {
            var (status, isStated) = (result.Statuses[at], at == result.Statuses.Count - 1 && expected >= 100);
            Assert.True(isStated ? status == expected : status is >= 200 and < 300, $"{where}: {status} {result.Output}");
        }

        var output = code != 0 && result.Output.Length == 0 ? result.Errors : result.Output;
        if (printed?.Language == "json") AssertFits(JsonElement.Parse(printed.Text.Replace(": …", ": \"…\"", StringComparison.Ordinal)), JsonElement.Parse(output), where);
        else AssertText(printed, output, where);
    }

    private static void AssertText(Fence? printed, string actual, string where)
    {
        if (printed is null) return;
        var pattern = Regex.Escape(printed.Text).Replace("…", ".*?");
        Assert.True(Regex.IsMatch(actual.Trim(), $"^{pattern}$", RegexOptions.Singleline, TimeSpan.FromSeconds(10)), $"{where}:\n{actual}");
    }

    private static void AssertFits(JsonElement printed, JsonElement actual, string where)
    {
        if (printed.ValueKind == JsonValueKind.String && printed.GetString() == "…") return;
        Assert.True(printed.ValueKind == actual.ValueKind, $"{where}: {actual.GetRawText()}");
        switch (printed.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(printed.EnumerateObject().Select(member => member.Name), actual.EnumerateObject().Select(member => member.Name));
                foreach (var member in printed.EnumerateObject()) AssertFits(member.Value, actual.GetProperty(member.Name), $"{where} {member.Name}");
                break;
            case JsonValueKind.Array:
                Assert.True(printed.GetArrayLength() == actual.GetArrayLength(), $"{where}: {actual.GetRawText()}");
                for (var at = 0; at < printed.GetArrayLength(); at++) AssertFits(printed[at], actual[at], $"{where}[{at}]");
                break;
            case JsonValueKind.String:
                AssertText(new Fence("", 1, "text", printed.GetString()!), actual.GetString()!, where);
                break;
        }
    }
}
