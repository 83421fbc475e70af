using LmGateway.Configuration;
using LmGateway.Tests.Backends.Mock;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>The tool <c>get_instructions</c> as a client calls it.</summary>
public sealed class GetInstructionsTests
{
    private const string Ask = """{"task":"Update the guide","intent":"clarity","associated_files":["docs/guide.md"]}""";

    [Fact]
    [Trait("req", "S3-24")]
    [Trait("req", "S3-30")]
    public async Task Before_the_server_runs_it_says_what_to_run()
    {
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://127.0.0.1:{FreePort.Next()}", options => options with { BringUp = options.BringUp with { Backend = BringUpOptions.LmStudio } });
        var answer = await new McpCaller(gateway.Http).CallAsync("get_instructions", Ask);
        Assert.True(answer.IsError);
        Assert.Equal("""{"error":"LM Studio server not running. Run init_llm to start it."}""", answer.Text);
    }

    [Fact]
    [Trait("req", "S3-24")]
    [Trait("req", "S3-13")]
    [Trait("req", "S3-16")]
    public async Task Before_the_model_is_loaded_it_says_so_and_after_it_routes()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { BringUp = options.BringUp with { Model = GatewayUnderTest.Chat }, Mcp = options.Mcp with { ThinkingMode = false } });
        Assert.Equal("""{"error":"Model not loaded into memory. Run init_llm to load it."}""", (await service.Mcp.CallAsync("get_instructions", Ask)).Text);
        Assert.Equal(0, service.Counters.LoadsStarted);
        Assert.False((await service.Mcp.CallAsync("init_llm")).IsError);
        var answer = await service.Mcp.CallAsync("get_instructions", Ask, "p");
        Assert.False(answer.IsError, answer.Text);
        var instruction = answer.Structure.GetProperty("instructions").EnumerateArray().First(item => item.GetProperty("route_to_agent").GetProperty("name").ValueEquals("docs-writer"));
        Assert.Equal("file_pattern", instruction.GetProperty("trigger").GetProperty("name").GetString());
        Assert.Equal("docs/guide.md", Assert.Single(instruction.GetProperty("context").GetProperty("files").EnumerateArray()).GetString());

        var body = System.Text.Json.JsonElement.Parse(service.Gateway.Simulator.State.Counters.LastRequests.Last(seen => seen.Path.StartsWith("/v1/chat/completions", StringComparison.Ordinal)).Body);
        Assert.Equal(GatewayUnderTest.Chat, body.GetProperty("model").GetString());
        Assert.Equal(0.1, body.GetProperty("temperature").GetDouble());
        Assert.Equal(100, body.GetProperty("max_tokens").GetInt32());
        Assert.Equal("user", body.GetProperty("messages").EnumerateArray().Last().GetProperty("role").GetString());
    }

    [Fact]
    public async Task The_models_tags_route_what_no_rule_knows()
    {
        using var replies = new MockFolder();
        replies.Write("tagger.yaml", """
            responses:
              - text: '<think>5 or 12?</think>{"tags": [6]}'
            """);
        await using var gateway = await GatewayUnderTest.StartAgainstAsync("http://127.0.0.1:9", options => options with
        {
            Backends = [BackendEntry.Mock],
            BringUp = new BringUpOptions { Backend = BringUpOptions.Auto, Model = "tagger" },
            Inference = options.Inference with { MockResponsesDir = replies.Path },
        });
        var answer = await new McpCaller(gateway.Http).CallAsync("get_instructions", """{"task":"Make it quick","intent":"users wait"}""");
        Assert.False(answer.IsError, answer.Text);
        var instruction = Assert.Single(answer.Structure.GetProperty("instructions").EnumerateArray());
        Assert.Equal("performance-engineer", instruction.GetProperty("route_to_agent").GetProperty("name").GetString());
        Assert.Equal(("llm_tag", 85), (instruction.GetProperty("trigger").GetProperty("name").GetString(), instruction.GetProperty("context").GetProperty("confidence").GetInt32()));
    }

    [Fact]
    public async Task Its_limits_are_told()
    {
        await using var service = await McpGateway.StartAsync();
        var longText = new string('x', 10_001);
        Assert.Contains("Field 'task' is longer than 10000 bytes", (await service.Mcp.CallAsync("get_instructions", $$"""{"task":"{{longText}}","intent":"i"}""")).Text, StringComparison.Ordinal);
        var many = string.Join(',', Enumerable.Repeat("\"f\"", 101));
        Assert.Contains("may hold 100 paths at most", (await service.Mcp.CallAsync("get_instructions", $$"""{"task":"t","intent":"i","associated_files":[{{many}}]}""")).Text, StringComparison.Ordinal);
        Assert.Contains("longer than 1000 bytes", (await service.Mcp.CallAsync("get_instructions", $$"""{"task":"t","intent":"i","associated_files":["{{longText}}"]}""")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_configuration_is_told_with_its_file()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { Mcp = options.Mcp with { AgentsPath = "/no/such/agents.json" } });
        var answer = await service.Mcp.CallAsync("get_instructions", Ask);
        Assert.True(answer.IsError);
        Assert.Contains("/no/such/agents.json: there is no such file", answer.Text, StringComparison.Ordinal);
    }
}
