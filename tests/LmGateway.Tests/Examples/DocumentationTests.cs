using System.Text.Json;
using System.Text.RegularExpressions;
using LmGateway.Cli;
using LmGateway.Configuration;
using LmGateway.Tests.Functional;
using LmGateway.Tests.Functional.Nats;
using LmStudio.Simulator.Lms;
using Xunit;

namespace LmGateway.Tests.Examples;

/// <summary>
/// Our own documents are true: every command of a page is run, in order, against one service, and answered as printed. In a printed
/// reply <c>…</c> stands for anything and numbers for numbers; a status other than 200 stands behind the fence's language.
/// </summary>
public sealed class DocumentationTests
{
    /// <summary>Pages whose commands need another service than the one that runs without settings.</summary>
    private static readonly Dictionary<string, Func<GatewayOptions, GatewayOptions>> Settings = new()
    {
        ["docs/security.md"] = options => options with { Security = options.Security with { ApiKey = "change-me-please" } },
    };

    private const string NatsPage = "docs/nats-api.md";

    public static TheoryData<string> Pages() =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Select(Repository.Relative).Order(StringComparer.Ordinal)
            .Where(page => page != NatsPage && FencesOf(page).Any(fence => fence.Language == "bash"))];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_command_of_a_page_works_and_is_answered_as_printed(string page)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: Settings.GetValueOrDefault(page));
        var fences = FencesOf(page);
        for (var at = 0; at < fences.Count; at++)
        {
            if (fences[at].Language != "bash") continue;
            var printed = at + 1 < fences.Count && fences[at + 1].Language is "json" or "text" ? fences[at + 1] : null;
            await RunAsync(gateway, fences[at], printed);
        }
    }

    [Fact]
    [Trait("req", "S0-62")]
    public async Task Every_command_of_the_NATS_page_works_and_is_answered_as_printed()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        var fences = FencesOf(NatsPage);
        for (var at = 0; at < fences.Count; at++)
        {
            if (fences[at].Language != "bash") continue;
            var reply = "";
            foreach (var command in NatsCommand.All(fences[at].Text)) reply = await command.RunAsync(nats);
            if (fences[at + 1].Language == "json") AssertFits(JsonElement.Parse(fences[at + 1].Text), JsonElement.Parse(reply), fences[at].Name);
            else AssertText(fences[at + 1], reply, fences[at].Name);
        }
    }

    [Fact]
    public void Every_page_that_the_documents_link_to_is_there()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(Repository.Root, "README.md"));
        var missing = from page in pages
                      from Match link in Regex.Matches(File.ReadAllText(page), @"\]\((?<target>[^)#:\s]+)\)", RegexOptions.None, TimeSpan.FromSeconds(10))
                      let target = Path.GetFullPath(link.Groups["target"].Value, Path.GetDirectoryName(page)!)
                      where !File.Exists(target) && !Directory.Exists(target)
                      select $"{Repository.Relative(page)} links to {link.Groups["target"].Value}";
        Assert.Empty(missing);
    }

    private static IReadOnlyList<Fence> FencesOf(string page) => Fence.Read(File.ReadAllText(Path.Combine(Repository.Root, page)));

    private static async Task RunAsync(GatewayUnderTest gateway, Fence commands, Fence? printed)
    {
        var curls = new Queue<CurlCommand>(CurlCommand.All(commands.Text));
        var all = ShellText.Commands(commands.Text);
        for (var at = 0; at < all.Count; at++)
        {
            var last = at == all.Count - 1 ? printed : null;
            if (all[at][0] != "curl")
            {
                AssertText(last, await RunProgramAsync(all[at]), commands.Name);
                continue;
            }

            var reply = await Reply.ToAsync(curls.Dequeue(), gateway);
            var status = last?.Info.Split(' ') is [_, var stated] ? int.Parse(stated) : 200;
            Assert.True(reply.Status == status, $"{commands.Name}: {reply.Status} {reply.Text}");
            if (last?.Language == "json") AssertFits(JsonElement.Parse(last.Text.Replace(": …", ": \"…\"")), reply.Json, commands.Name);
            else AssertText(last, reply.Text, commands.Name);
        }
    }

    /// <summary>Runs <c>lmgateway</c> with what stands before it as its environment, up to where it would serve.</summary>
    private static async Task<string> RunProgramAsync(IReadOnlyList<string> words)
    {
        var environment = words.TakeWhile(word => word.Contains('=')).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal("lmgateway", words[environment.Count]);
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(
            [.. words.Skip(environment.Count + 1)],
            new CommandHandlers
            {
                Serve = (_, _) => Task.FromResult(0),
                Mcp = (_, _) => Task.FromResult(0),
                Up = (_, _, _) => Task.FromResult(0),
                Simulate = (_, _) => Task.FromResult(0),
                SimulateLms = (arguments, cancellationToken) => LmsProgram.RunAsync(new LmsInvocation { Arguments = arguments, Output = output, Error = error, Environment = environment }, cancellationToken),
            },
            new CommandSurroundings { Out = output, Error = error, WorkingFolder = Path.GetTempPath(), Environment = environment },
            TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"{string.Join(' ', words)}: {code} {error}");
        return output.ToString();
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
