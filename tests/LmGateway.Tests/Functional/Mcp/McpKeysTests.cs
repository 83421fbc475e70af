using System.Text.Json;
using LmGateway.Tests.Functional.Keys;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>Models and limits of keys, and the audit file, on MCP.</summary>
public sealed class McpKeysTests
{
    private const string Chat = GatewayUnderTest.Chat;
    private const string Other = GatewayUnderTest.Other;

    [Fact]
    public async Task A_key_for_some_models_sees_and_uses_no_other_and_is_told_what_to_do()
    {
        await using var service = await StartAsync($"app scopes=inference|models models={Chat}");
        var listed = (await service.Mcp.CallAsync("list_models")).Structure.GetProperty("models").EnumerateArray();
        Assert.Equal([Chat], listed.Select(model => model.GetProperty("key").GetString()));
        var resource = (await service.Mcp.AskAsync("resources/read", """{"uri":"lmgateway://models"}""")).Result.GetRawText();
        Assert.Contains(Chat, resource, StringComparison.Ordinal);
        Assert.DoesNotContain(Other, resource, StringComparison.Ordinal);
        foreach (var (tool, arguments) in new[]
        {
            ("chat", $$"""{"model":"{{Other}}","prompt":"hi"}"""),
            ("embed", $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"hi"}"""),
            ("load_model", $$"""{"model":"{{Other}}"}"""),
            ("delete_model", $$"""{"model":"{{Other}}","confirm":true}"""),
            ("pull_model", """{"model":"qwen/qwen3-4b-2507"}"""),
        })
        {
            var refused = await service.Mcp.CallAsync(tool, arguments);
            Assert.True(refused.IsError, tool);
            Assert.Contains("The key 'app' may not use", refused.Text, StringComparison.Ordinal);
            Assert.Contains("list_models", refused.Text, StringComparison.Ordinal);
        }

        Assert.False((await service.Mcp.CallAsync("chat", $$"""{"model":"{{Chat}}","prompt":"hi"}""")).IsError);
    }

    [Fact]
    public async Task Limits_hold_for_tools_that_generate_and_say_when_to_come_back()
    {
        await using var service = await StartAsync("app requests_per_minute=1 tokens_per_day=100000");
        var refused = false;
        for (var i = 0; i < 3 && !refused; i++)       // a minute may end between two calls
        {
            var answer = await service.Mcp.CallAsync(i % 2 == 0 ? "chat" : "embed", i % 2 == 0 ? $$"""{"model":"{{Chat}}","prompt":"hi"}""" : $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"hi"}""");
            refused = answer.IsError;
            if (refused) Assert.Matches("has used the 1 requests of this minute. Try again in [0-9]+ s.", answer.Text);
        }

        Assert.True(refused);
        Assert.False((await service.Mcp.CallAsync("list_models")).IsError);
    }

    [Fact]
    public async Task Tools_that_change_models_are_written_down()
    {
        await using var service = await StartAsync("app scopes=inference|models");
        await service.Mcp.CallAsync("load_model", $$"""{"model":"{{Chat}}"}""");
        await service.Mcp.CallAsync("unload_model", """{"instance_id":"nothing"}""");
        await service.Mcp.CallAsync("chat", $$"""{"model":"{{Chat}}","prompt":"hi"}""");
        var lines = await service.Gateway.AuditAsync(2);
        Assert.Equal(
            [("mcp", "app", "127.0.0.1", "load_model", Chat, "ok"), ("mcp", "app", "127.0.0.1", "unload_model", "nothing", "model_not_found")],
            lines.Select(line => (Text(line, "api"), Text(line, "caller"), Text(line, "address"), Text(line, "path"), Text(line, "target"), Text(line, "result"))));

        static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
    }

    private static async Task<McpGateway> StartAsync(params string[] keys)
    {
        var service = await McpGateway.StartAsync(configure: options => KeyedGateway.With(options, keys));
        service.Gateway.Http.DefaultRequestHeaders.Add("X-API-Key", keys[0].Split(' ')[0]);
        return service;
    }
}
