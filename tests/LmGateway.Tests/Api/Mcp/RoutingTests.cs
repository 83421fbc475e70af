using System.Text.Json;
using LmGateway.Api.Mcp.Routing;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Api.Mcp;

/// <summary>Agents, rules and tags: what is read, what is refused, and who gets the work.</summary>
[Trait("req", "S3-25")]
public sealed class RoutingTests : IDisposable
{
    private const string Agents = """{"agents":[{"name":"a","description":"A","instructions":"do a","priority":90},{"name":"b","description":"B"}]}""";
    private const string Tags = """{"tags":[{"name":"t1","description":"T1","examples":["x"]},{"name":"t2","description":"T2"}]}""";

    private readonly string folder = Directory.CreateTempSubdirectory("routing-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Twenty_agents_are_built_in_and_every_rule_and_tag_fits_them()
    {
        var config = await new RoutingFiles(new GatewayOptions(), new RoutingFolders([])).ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(20, config.Agents.Count);
        Assert.All(config.Agents, agent => Assert.Contains(config.Rules, rule => rule.Agents.Contains(agent.Name)));
        Assert.All(config.Tags, tag => Assert.Contains(config.Rules, rule => rule.Condition.Tags.Contains(tag.Name)));
        Assert.True(config.NeedsTags);
    }

    [Fact]
    public async Task Files_of_a_trusted_folder_count_and_configured_ones_count_more()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "agents.json"), Agents, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "rules.json"), Rules("""{"prompt_regex":"x"}"""), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "mine.json"), """{"agents":[{"name":"a","description":"Mine"}]}""", TestContext.Current.CancellationToken);
        var found = await new RoutingFiles(new GatewayOptions(), new RoutingFolders([folder])).ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("A", found.Agents[0].Description);
        var mine = await new RoutingFiles(new GatewayOptions { Mcp = new McpOptions { AgentsPath = Path.Combine(folder, "mine.json") } }, new RoutingFolders([folder])).ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("Mine", Assert.Single(mine.Agents).Description);
    }

    [Theory]
    [InlineData("agents.txt", "a .json file is expected")]
    [InlineData("missing.json", "there is no such file")]
    [InlineData("large.json", "at most 1048576 are taken")]
    public async Task A_file_that_is_none_of_ours_is_refused(string name, string problem)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "agents.txt"), Agents, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "large.json"), new string(' ', 1024 * 1024) + Agents, TestContext.Current.CancellationToken);
        var files = new RoutingFiles(new GatewayOptions { Mcp = new McpOptions { AgentsPath = Path.Combine(folder, name) } }, new RoutingFolders([]));
        var refused = await Assert.ThrowsAsync<RoutingConfigException>(() => files.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", """{"prompt_regex":"x"}""", "agents.json: it is not valid JSON")]
    [InlineData("[]", """{"prompt_regex":"x"}""", "agents.json: an object with the list 'agents' is expected")]
    [InlineData("""{"agents":[]}""", """{"prompt_regex":"x"}""", "agents.json: 'agents' is empty")]
    [InlineData("""{"agents":[{"name":"","description":"d"}]}""", """{"prompt_regex":"x"}""", "'name' is missing or empty")]
    [InlineData("""{"agents":[{"name":"a","description":"d"},{"name":"A","description":"d"}]}""", """{"prompt_regex":"x"}""", "the name 'a' stands twice")]
    [InlineData("""{"agents":[{"name":"z","description":"d"}]}""", """{"prompt_regex":"x"}""", "rules.json: a rule routes to 'a'")]
    [InlineData(Agents, """{"llm_tag":"t9"}""", "a rule needs the tag 't9'")]
    [InlineData(Agents, """{"prompt_regex":"("}""", "'(' is no regular expression")]
    [InlineData(Agents, """{"weather":"x"}""", "there is no condition 'weather'")]
    [InlineData(Agents, """{"any_of":[]}""", "'any_of' must be a list with something in it")]
    [InlineData(Agents, """{"file_pattern":""}""", "'file_pattern' must be a text")]
    [InlineData(Agents, """{"file_pattern":"x","llm_tag":"t1"}""", "a condition is an object with one of")]
    public void A_configuration_that_cannot_work_is_refused_with_its_fault(string agents, string condition, string problem)
    {
        var refused = Assert.Throws<RoutingConfigException>(() => RoutingReader.Read(new("agents.json", agents), new("rules.json", Rules(condition)), new("llm-tags.json", Tags)));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"file_pattern":"*.cs"}""", "file_pattern", 100, "src/One.cs")]
    [InlineData("""{"file_pattern":"src/**"}""", "file_pattern", 100, "src/One.cs,src/ui/two.tsx")]
    [InlineData("""{"file_pattern":["*.nothing","*.TSX"]}""", "file_pattern", 100, "src/ui/two.tsx")]
    [InlineData("""{"file_regex":"two\\.(t|j)sx$"}""", "file_regex", 100, "src/ui/two.tsx")]
    [InlineData("""{"branch_regex":"^fix/"}""", "branch_regex", 100, "src/One.cs,src/ui/two.tsx")]
    [InlineData("""{"prompt_regex":"(?i)BUTTON"}""", "prompt_regex", 100, "src/One.cs,src/ui/two.tsx")]
    [InlineData("""{"llm_tag":"t2"}""", "llm_tag", 85, "src/One.cs,src/ui/two.tsx")]
    [InlineData("""{"any_of":[{"llm_tag":"t1"},{"prompt_regex":"button"}]}""", "prompt_regex", 100, "src/One.cs,src/ui/two.tsx")]
    [InlineData("""{"all_of":[{"file_pattern":"*.cs"},{"llm_tag":"t2"}]}""", "file_pattern", 85, "src/One.cs")]
    [InlineData("""{"all_of":[{"file_pattern":"*.cs"},{"file_pattern":"*.tsx"}]}""", "file_pattern", 100, "src/One.cs,src/ui/two.tsx")]
    public void Work_goes_to_the_agent_of_a_rule_that_fits(string condition, string trigger, int confidence, string files)
    {
        var config = RoutingReader.Read(new("agents.json", Agents), new("rules.json", Rules(condition)), new("llm-tags.json", Tags));
        var plan = RoutingPlan.Make(config, Facts() with { Tags = new HashSet<string>(["t2"]) });
        var instruction = Assert.Single(plan.GetProperty("instructions").EnumerateArray());
        Assert.Equal(trigger, instruction.GetProperty("trigger").GetProperty("name").GetString());
        var context = instruction.GetProperty("context");
        Assert.Equal(("do a", confidence, 90), (context.GetProperty("instructions").GetString(), context.GetProperty("confidence").GetInt32(), context.GetProperty("priority").GetInt32()));
        Assert.Equal(files, string.Join(',', context.GetProperty("files").EnumerateArray().Select(file => file.GetString())));
        Assert.Equal("a", instruction.GetProperty("route_to_agent").GetProperty("name").GetString());
    }

    [Fact]
    public void Each_agent_is_named_once_by_the_first_rule_that_fits_in_the_order_of_the_rules()
    {
        const string rules = """
            {"rules":[
              {"description":"never","conditions":{"prompt_regex":"elephant"},"route_to_subagents":["a"]},
              {"description":"first","conditions":{"prompt_regex":"button"},"route_to_subagents":["b"]},
              {"description":"second","conditions":{"file_pattern":"*.cs"},"route_to_subagents":["b","a"]}]}
            """;
        var config = RoutingReader.Read(new("agents.json", Agents), new("rules.json", rules), new("llm-tags.json", Tags));
        var plan = RoutingPlan.Make(config, Facts()).GetProperty("instructions").EnumerateArray().ToList();
        Assert.Equal(["b", "a"], plan.Select(item => item.GetProperty("route_to_agent").GetProperty("name").GetString()));
        Assert.Equal("first", plan[0].GetProperty("trigger").GetProperty("description").GetString());
        Assert.Equal(50, plan[0].GetProperty("context").GetProperty("priority").GetInt32());
        Assert.False(plan[0].GetProperty("context").TryGetProperty("instructions", out _));
        Assert.Equal("""{"instructions":[]}""", RoutingPlan.Make(config, new RoutingFacts("nothing", "of it")).GetRawText());
    }

    [Theory]
    [InlineData("""{"tags":[2]}""", "t2")]
    [InlineData("""Sure: {"tags": [1, 2, 7]}""", "t1,t2")]
    [InlineData("""{"tags":[0]}""", "")]
    [InlineData("""{"tags":[]}""", "")]
    [InlineData("1 and 2", "t1,t2")]
    [InlineData("0", "")]
    [InlineData("I think T2 fits", "t2")]
    [InlineData("none", "")]
    public void The_models_answer_is_read_as_numbers_else_as_names(string answer, string tags)
    {
        var known = RoutingReader.Read(new("agents.json", Agents), new("rules.json", Rules("""{"llm_tag":"t1"}""")), new("llm-tags.json", Tags)).Tags;
        Assert.Equal(tags, string.Join(',', TagQuestion.Read(answer, known).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void The_branch_is_read_from_gits_own_file_also_in_a_work_tree_of_its_own()
    {
        var repository = Directory.CreateDirectory(Path.Combine(folder, "repo", ".git"));
        File.WriteAllText(Path.Combine(repository.FullName, "HEAD"), "ref: refs/heads/fix/login\n");
        var inside = Directory.CreateDirectory(Path.Combine(folder, "repo", "src", "deep")).FullName;
        Assert.Equal("fix/login", GitBranch.Find(inside));
        var tree = Directory.CreateDirectory(Path.Combine(folder, "tree")).FullName;
        File.WriteAllText(Path.Combine(tree, ".git"), $"gitdir: {repository.FullName}\n");
        Assert.Equal("fix/login", GitBranch.Find(tree));
        File.WriteAllText(Path.Combine(repository.FullName, "HEAD"), "0123456789abcdef\n");
        Assert.Null(GitBranch.Find(inside));
        Assert.Null(GitBranch.Find("/"));
        Assert.Null(GitBranch.Find("\0"));
    }

    private static string Rules(string condition) => $$"""{"rules":[{"conditions":{{condition}},"route_to_subagents":["a"]}]}""";

    private static RoutingFacts Facts() => new("Add a button", "usability") { Files = ["src/One.cs", "src/ui/two.tsx"], Branch = "fix/login" };
}
