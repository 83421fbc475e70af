using System.Net;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Functional.Mcp;

/// <summary>The endpoint in raw frames: both eras of the protocol, and everything that it refuses.</summary>
public sealed class McpProtocolTests
{
    private static readonly string[] Tools =
    [
        "init_llm", "get_instructions", "list_models", "server_status", "load_model", "unload_model", "pull_model", "delete_model",
        "chat", "embed", "start_job", "job_status", "job_result", "cancel_job",
    ];

    [Fact]
    public async Task The_newest_revision_is_discovered_and_lists_the_tools_without_a_handshake()
    {
        await using var service = await McpGateway.StartAsync();
        var discovered = (await service.Mcp.AskAsync("server/discover")).Result;
        Assert.Contains(discovered.GetProperty("supportedVersions").EnumerateArray(), version => version.ValueEquals(McpCaller.Newest));
        Assert.Equal("lmgateway", discovered.GetProperty("_meta").GetProperty("io.modelcontextprotocol/serverInfo").GetProperty("name").GetString());
        Assert.False(string.IsNullOrEmpty(discovered.GetProperty("instructions").GetString()));
        var listed = (await service.Mcp.AskAsync("tools/list")).Result;
        Assert.Equal("complete", listed.GetProperty("resultType").GetString());
        Assert.Equal(Tools, listed.GetProperty("tools").EnumerateArray().Select(tool => tool.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("2025-11-25")]
    [InlineData("2025-06-18")]
    [InlineData("2025-03-26")]
    [InlineData("2024-11-05")]
    public async Task The_older_revisions_shake_hands_and_list_the_tools(string version)
    {
        await using var service = await McpGateway.StartAsync();
        var old = new McpCaller(service.Gateway.Http, version);
        var hello = await old.AskAsync("initialize", $$"""{"protocolVersion":"{{version}}","capabilities":{},"clientInfo":{"name":"raw","version":"1"} }""");
        Assert.Equal(version, hello.Result.GetProperty("protocolVersion").GetString());
        Assert.Equal("lmgateway", hello.Result.GetProperty("serverInfo").GetProperty("name").GetString());
        using var ready = McpCaller.Post("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        using var accepted = await service.Gateway.Http.SendAsync(ready, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal(Tools.Length, (await old.AskAsync("tools/list")).Result.GetProperty("tools").GetArrayLength());
        Assert.Equal(200, (await old.AskAsync("ping")).Status);
    }

    [Fact]
    public async Task Every_tool_says_what_it_takes_gives_and_does()
    {
        await using var service = await McpGateway.StartAsync();
        foreach (var tool in (await service.Mcp.AskAsync("tools/list")).Result.GetProperty("tools").EnumerateArray())
        {
            Assert.True(tool.GetProperty("description").GetString()!.Length > 40);
            Assert.Equal("object", tool.GetProperty("inputSchema").GetProperty("type").GetString());
            Assert.Equal("object", tool.GetProperty("outputSchema").GetProperty("type").GetString());
            var hints = tool.GetProperty("annotations");
            Assert.Equal(tool.GetProperty("name").ValueEquals("delete_model"), hints.GetProperty("destructiveHint").GetBoolean());
            Assert.Equal(tool.GetProperty("name").GetString() is "init_llm" or "pull_model", hints.GetProperty("openWorldHint").GetBoolean());
        }
    }

    [Theory]
    [InlineData("Mcp-Method", "tools/list", -32020)]
    [InlineData("Mcp-Method", null, -32020)]
    [InlineData("Mcp-Name", "chat", -32020)]
    [InlineData("Mcp-Name", null, -32020)]
    [InlineData("MCP-Protocol-Version", "2025-11-25", -32020)]
    [InlineData("MCP-Protocol-Version", null, -32020)]
    [InlineData("MCP-Protocol-Version", "2031-01-01", -32022)]
    public async Task Headers_that_do_not_say_what_the_body_says_are_refused(string header, string? value, int code)
    {
        await using var service = await McpGateway.StartAsync();
        var request = service.Mcp.Request("tools/call", """{"name":"list_models","arguments":{} }""");
        request.Headers.Remove(header);
        if (value is not null) request.Headers.Add(header, value);
        var reply = await service.Mcp.PostAsync(request, TestContext.Current.CancellationToken);
        // An older revision's header over a newer body is that older revision's own business.
        if (header == "MCP-Protocol-Version" && value == McpCaller.Older)
        {
            Assert.Equal(200, reply.Status);
            return;
        }

        Assert.Equal(400, reply.Status);
        Assert.Equal(code, reply.ErrorCode);
        Assert.Equal(1, reply.Last.GetProperty("id").GetInt32());
        if (code == -32022) Assert.Equal(5, reply.Last.GetProperty("error").GetProperty("data").GetProperty("supported").GetArrayLength());
    }

    [Fact]
    public async Task A_name_in_base64_is_read()
    {
        await using var service = await McpGateway.StartAsync();
        var request = service.Mcp.Request("tools/call", """{"name":"list_models","arguments":{} }""");
        request.Headers.Remove("Mcp-Name");
        request.Headers.Add("Mcp-Name", "=?base64?bGlzdF9tb2RlbHM=?=");
        Assert.Equal(200, (await service.Mcp.PostAsync(request, TestContext.Current.CancellationToken)).Status);
    }

    [Theory]
    [InlineData("not json", 400, -32700)]
    [InlineData("[]", 400, -32600)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"ping"}]""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""", 400, -32600)]
    public async Task What_is_no_message_is_refused_with_an_error_of_the_protocol(string body, int status, int code)
    {
        await using var service = await McpGateway.StartAsync();
        var reply = await service.Mcp.PostAsync(McpCaller.Post(body), TestContext.Current.CancellationToken);
        Assert.Equal((status, code), (reply.Status, reply.ErrorCode));
        Assert.Equal("2.0", reply.Last.GetProperty("jsonrpc").GetString());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-stream")]
    [InlineData("text/html")]
    public async Task A_client_that_takes_only_one_kind_of_reply_is_refused(string accept)
    {
        await using var service = await McpGateway.StartAsync();
        var request = service.Mcp.Request("tools/list");
        request.Headers.Accept.Clear();
        request.Headers.Accept.ParseAdd(accept);
        Assert.Equal(406, (await service.Mcp.PostAsync(request, TestContext.Current.CancellationToken)).Status);
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("initialize")]
    [InlineData("logging/setLevel")]
    [InlineData("resources/subscribe")]
    [InlineData("no/such/method")]
    public async Task Methods_that_the_newest_revision_does_not_have_are_not_found(string method)
    {
        await using var service = await McpGateway.StartAsync();
        var reply = await service.Mcp.AskAsync(method);
        Assert.Equal((404, -32601), (reply.Status, reply.ErrorCode));
    }

    [Fact]
    public async Task A_request_of_the_newest_revision_has_to_say_what_its_client_can_do()
    {
        await using var service = await McpGateway.StartAsync();
        var request = McpCaller.Post($$"""{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"{{McpCaller.Newest}}"} } }""");
        request.Headers.Add("MCP-Protocol-Version", McpCaller.Newest);
        request.Headers.Add("Mcp-Method", "tools/list");
        var reply = await service.Mcp.PostAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((400, -32602), (reply.Status, reply.ErrorCode));
    }

    [Fact]
    public async Task There_is_no_session_to_listen_to_or_to_end()
    {
        await using var service = await McpGateway.StartAsync();
        using var listening = await service.Gateway.Http.GetAsync("/mcp", TestContext.Current.CancellationToken);
        using var ending = await service.Gateway.Http.DeleteAsync("/mcp", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, listening.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, ending.StatusCode);
        Assert.Equal("POST", Assert.Single(listening.Content.Headers.Allow));
        Assert.Equal(-32600, (await McpCaller.ReadAsync(listening, TestContext.Current.CancellationToken)).ErrorCode);
    }

    [Fact]
    public async Task A_client_that_shook_hands_cancels_its_own_call_by_a_message_and_nobody_elses()
    {
        await using var service = await McpGateway.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        const string call = $$"""{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"chat","arguments":{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 100000"} } }""";
        var (mine, other) = (await SessionAsync(service), await SessionAsync(service));
        Assert.NotEqual(mine, other);
        var cancelled = service.Mcp.PostAsync(InSession(call, mine), TestContext.Current.CancellationToken);
        using var leaving = new CancellationTokenSource();
        var kept = service.Mcp.PostAsync(InSession(call, other), leaving.Token);
        await Eventually.TrueAsync(() => service.Counters.OpenStreams == 2, "both generations run");
        Assert.Equal(202, (await service.Mcp.PostAsync(InSession("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5} }""", mine), TestContext.Current.CancellationToken)).Status);
        Assert.DoesNotContain((await cancelled).Messages, message => message.TryGetProperty("id", out _));
        await Eventually.TrueAsync(() => service.Counters is { Cancels: 1, OpenStreams: 1 }, "one generation ends");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => kept);
        await Eventually.TrueAsync(() => service.Counters is { Cancels: 2, OpenStreams: 0 }, "the other generation ends with its client");
    }

    [Fact]
    public async Task An_unknown_tool_and_an_unknown_resource_are_errors_of_the_protocol()
    {
        await using var service = await McpGateway.StartAsync();
        Assert.Equal(-32602, (await service.Mcp.AskAsync("tools/call", """{"name":"no_such_tool","arguments":{} }""")).ErrorCode);
        Assert.Equal(-32602, (await service.Mcp.AskAsync("resources/read", """{"uri":"lmgateway://nothing"}""")).ErrorCode);
    }

    [Fact]
    public async Task A_foreign_page_a_foreign_host_and_a_caller_without_the_key_are_kept_out()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "sk-mine" } });
        var keyless = await service.Mcp.AskAsync("tools/list");
        Assert.Equal(401, keyless.Status);
        Assert.Equal(-32600, keyless.ErrorCode);
        service.Gateway.Http.DefaultRequestHeaders.Add("X-API-Key", "sk-mine");
        Assert.Equal(200, (await service.Mcp.AskAsync("tools/list")).Status);
        var page = service.Mcp.Request("tools/list");
        page.Headers.Add("Origin", "https://evil.example");
        Assert.Equal(403, (await service.Mcp.PostAsync(page, TestContext.Current.CancellationToken)).Status);
        var rebound = service.Mcp.Request("tools/list");
        rebound.Headers.Host = "evil.example";
        Assert.Equal(403, (await service.Mcp.PostAsync(rebound, TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task A_key_for_inference_asks_models_and_does_not_change_them()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = "sk-mine" } });
        var http = service.Gateway.Http;
        http.DefaultRequestHeaders.Add("X-API-Key", "sk-mine");
        var (status, made) = await service.Gateway.PostJsonAsync("/admin/keys", """{"name":"agent","scopes":["inference"]}""");
        Assert.True(status is 200 or 201, made.GetRawText());
        http.DefaultRequestHeaders.Remove("X-API-Key");
        http.DefaultRequestHeaders.Add("X-API-Key", made.GetProperty("key").GetString());
        Assert.False((await service.Mcp.CallAsync("chat", $$"""{"model":"{{GatewayUnderTest.Chat}}","prompt":"count to 2"}""")).IsError);
        foreach (var tool in new[] { "init_llm", "load_model", "unload_model", "pull_model", "delete_model" })
            Assert.Contains($"does not open the tool '{tool}': it lacks the scope 'models'", (await service.Mcp.CallAsync(tool)).Text, StringComparison.Ordinal);
        var job = (await service.Mcp.CallAsync("start_job", $$"""{"tool":"unload_model","arguments":{"all":true} }""")).Structure.GetProperty("job_id").GetString();
        await Eventually.TrueAsync(async () => (await service.Mcp.CallAsync("job_status", $$"""{"job_id":"{{job}}"}""")).Structure.GetProperty("status").ValueEquals("failed"), "the job is refused as well");
    }

    [Fact]
    public async Task It_can_be_switched_off()
    {
        await using var service = await McpGateway.StartAsync(configure: options => options with { Mcp = options.Mcp with { Enabled = false } });
        Assert.Equal(404, (await service.Mcp.AskAsync("tools/list")).Status);
    }

    private static async Task<string> SessionAsync(McpGateway service)
    {
        using var hello = service.Old.Request("initialize", $$"""{"protocolVersion":"{{McpCaller.Older}}","capabilities":{},"clientInfo":{"name":"raw","version":"1"} }""");
        using var response = await service.Gateway.Http.SendAsync(hello, TestContext.Current.CancellationToken);
        return Assert.Single(response.Headers.GetValues("Mcp-Session-Id"));
    }

    private static HttpRequestMessage InSession(string body, string session)
    {
        var request = McpCaller.Post(body);
        request.Headers.Add("MCP-Protocol-Version", McpCaller.Older);
        request.Headers.Add("Mcp-Session-Id", session);
        return request;
    }

    [Fact]
    public async Task Resources_show_the_models_and_the_status()
    {
        await using var service = await McpGateway.StartAsync();
        var listed = (await service.Mcp.AskAsync("resources/list")).Result.GetProperty("resources");
        Assert.Equal(["lmgateway://models", "lmgateway://status"], listed.EnumerateArray().Select(resource => resource.GetProperty("uri").GetString()));
        foreach (var caller in new[] { service.Mcp, service.Old })
        {
            var models = (await caller.AskAsync("resources/read", """{"uri":"lmgateway://models"}""")).Result.GetProperty("contents")[0];
            Assert.Equal("application/json", models.GetProperty("mimeType").GetString());
            Assert.Contains(GatewayUnderTest.Chat, models.GetProperty("text").GetString(), StringComparison.Ordinal);
            var status = (await caller.AskAsync("resources/read", """{"uri":"lmgateway://status"}""")).Result.GetProperty("contents")[0];
            Assert.Contains("\"reachable\":true", status.GetProperty("text").GetString(), StringComparison.Ordinal);
        }
    }
}
