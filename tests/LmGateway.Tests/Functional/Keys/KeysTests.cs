using System.Net;
using System.Text.Json;
using LmGateway.Cli;
using LmGateway.Security;
using LmGateway.State;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LmGateway.Tests.Functional.Keys;

/// <summary>Named keys: made, used within their scopes, models and limits, and revoked, while the service runs.</summary>
public sealed class KeysTests
{
    private const string Master = "change-me-please";

    [Fact]
    public async Task A_key_made_over_the_admin_api_opens_inference_and_nothing_else()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, """{"name":"app"}""");
        Assert.Equal(200, await StatusAsync(gateway, secret, HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello")));
        Assert.Equal(200, await StatusAsync(gateway, secret, HttpMethod.Get, "/v1/models"));
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/admin/models"), (HttpMethod.Get, "/admin/keys"), (HttpMethod.Get, "/debug/status"), (HttpMethod.Get, "/metrics"), (HttpMethod.Post, "/models/load"), (HttpMethod.Post, "/api/v1/models/load") })
            Assert.Equal(403, await StatusAsync(gateway, secret, method, path, "{}"));
        var (_, journal) = await AskAsync(gateway, Master, HttpMethod.Get, "/debug/requests");
        Assert.Equal("app", journal.GetProperty("requests")[0].GetProperty("caller").GetString());
    }

    [Theory]
    [InlineData("models", "/admin/models", 200)]
    [InlineData("models", "/admin/keys", 403)]
    [InlineData("models", "/v1/models", 403)]
    [InlineData("debug", "/debug/status", 200)]
    [InlineData("debug", "/metrics", 200)]
    [InlineData("debug", "/admin/models", 403)]
    [InlineData("admin", "/admin/keys", 200)]
    [InlineData("admin", "/debug/status", 200)]
    [InlineData("admin", "/v1/models", 200)]
    public async Task A_scope_opens_its_routes(string scope, string path, int status)
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, $$"""{"name":"one","scopes":["{{scope}}"]}""");
        Assert.Equal(status, await StatusAsync(gateway, secret, HttpMethod.Get, path));
    }

    [Fact]
    public async Task A_key_for_some_models_reaches_no_other_by_any_api()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, $$"""{"name":"one","scopes":["inference","models"],"models":["{{GatewayUnderTest.Chat}}"]}""");
        Assert.Equal(200, await StatusAsync(gateway, secret, HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello")));
        foreach (var (path, body) in new[]
        {
            ("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "hello")),
            ("/v1/chat/completions", GatewayUnderTest.ChatBody("granite", "hello")),
            ("/api/v0/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "hello")),
            ("/v1/embeddings", $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"hello"}"""),
            ("/chat", $$"""{"messages":[{"role":"user","content":"hi"}],"model":"{{GatewayUnderTest.Other}}"}"""),
            ("/admin/models/load", $$"""{"modelKey":"{{GatewayUnderTest.Other}}"}"""),
            ("/v1/rerank", """{"model":"anything"}"""),
        })
            Assert.Equal(403, await StatusAsync(gateway, secret, HttpMethod.Post, path, body));
        Assert.Equal([GatewayUnderTest.Chat], gateway.Simulator.State.Instances.All.Select(instance => instance.Identifier));
    }

    [Fact]
    public async Task A_key_past_its_requests_of_a_minute_gets_429_and_when_to_come_back()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, """{"name":"slow","requestsPerMinute":2,"tokensPerMinute":1000000}""");
        var refused = false;
        for (var i = 0; i < 6 && !refused; i++)
        {
            using var reply = await SendAsync(gateway, secret, HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
            if (reply.StatusCode == HttpStatusCode.OK)
            {
                Assert.Equal("2", reply.Headers.GetValues("x-ratelimit-limit-requests").Single());
                Assert.Equal("1000000", reply.Headers.GetValues("x-ratelimit-limit-tokens").Single());
                Assert.InRange(int.Parse(reply.Headers.GetValues("x-ratelimit-remaining-requests").Single()), 0, 1);
                Assert.EndsWith("s", reply.Headers.GetValues("x-ratelimit-reset-requests").Single());
                continue;
            }

            refused = true;
            Assert.Equal(HttpStatusCode.TooManyRequests, reply.StatusCode);
            Assert.InRange(reply.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            Assert.Contains("slow", await reply.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.True(refused);
        Assert.Equal(200, await StatusAsync(gateway, Master, HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello")));
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, """{"name":"app"}""");
        Assert.Equal(200, await StatusAsync(gateway, secret, HttpMethod.Get, "/v1/models"));
        Assert.Equal(200, await StatusAsync(gateway, Master, HttpMethod.Delete, "/admin/keys/app"));
        Assert.Equal(401, await StatusAsync(gateway, secret, HttpMethod.Get, "/v1/models"));
        Assert.Equal(404, await StatusAsync(gateway, Master, HttpMethod.Delete, "/admin/keys/app"));
    }

    [Fact]
    public async Task A_key_made_by_the_command_is_taken_up_while_the_service_runs_and_locks_an_open_one()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(200, await StatusAsync(gateway, null, HttpMethod.Get, "/v1/models"));
        var folder = gateway.Services.GetRequiredService<StateFolder>().Path;
        var secret = (await RunAsync(folder, "keys", "create", "laptop", "--scope", "inference", "--tokens-per-day", "5000")).Trim();
        await Eventually.TrueAsync(async () => await StatusAsync(gateway, null, HttpMethod.Get, "/v1/models") == 401, "the service asks for a key");
        Assert.Equal(200, await StatusAsync(gateway, secret, HttpMethod.Get, "/v1/models"));
        Assert.Equal(["NAME    SCOPES     MODELS       LIMITS", "laptop  inference  every model  5000 tokens/day"], (await RunAsync(folder, "keys", "list")).Trim().Split(Environment.NewLine));
        Assert.DoesNotContain(secret, await File.ReadAllTextAsync(Path.Combine(folder, KeyFile.FileName), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await RunAsync(folder, "keys", "revoke", "laptop");
        await Eventually.TrueAsync(async () => await StatusAsync(gateway, null, HttpMethod.Get, "/v1/models") == 200, "the service is open again");
    }

    [Fact]
    public async Task Changes_are_written_down_with_who_made_them_and_how_they_ended()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, """{"name":"app"}""");
        await StatusAsync(gateway, secret, HttpMethod.Post, "/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct"}""");
        await StatusAsync(gateway, Master, HttpMethod.Post, "/models/load", """{"model_key":"qwen2-1.5b-instruct"}""");
        await StatusAsync(gateway, Master, HttpMethod.Get, "/admin/models");
        await StatusAsync(gateway, secret, HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hello"));
        var file = Path.Combine(gateway.Services.GetRequiredService<StateFolder>().Path, "audit.jsonl");
        string[] lines = [];
        await Eventually.TrueAsync(
            () =>
            {
                lines = File.Exists(file) ? File.ReadAllLines(file) : [];
                return lines.Length >= 3;
            },
            "three lines are written");
        Assert.Equal(
            [("default", "/admin/keys", 200), ("app", "/admin/models/load", 403), ("default", "/models/load", 200)],
            lines.Select(line => JsonElement.Parse(line)).Select(line => (line.GetProperty("caller").GetString(), line.GetProperty("path").GetString(), line.GetProperty("status").GetInt32())));
        Assert.DoesNotContain(secret, string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_command_prints_for_the_settings_is_a_key_there_and_nothing_is_kept()
    {
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        try
        {
            var printed = await RunAsync(folder.FullName, "keys", "create", "laptop", "--print-hash", "--scope", "debug", "--model", "qwen2-1.5b-instruct", "--requests-per-minute", "60");
            var (secret, entry) = (printed.Split('\n')[0].Trim(), string.Join('\n', printed.Split('\n')[1..].Select(line => "    " + line.TrimEnd())));
            var loaded = LmGateway.Tests.Configuration.Given.FromYaml("security:\n  keys:\n" + entry);
            Assert.Empty(loaded.Errors);
            var grant = new KeyRing(loaded.Options).GrantOf(secret);
            Assert.Equal(("laptop", 60, "qwen2-1.5b-instruct", LmGateway.Vocabulary.KeyScopes.Debug), (grant!.Name, grant.RequestsPerMinute, Assert.Single(grant.Models), grant.Scopes));
            Assert.Empty(folder.GetFiles(KeyFile.FileName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Keys_made_and_revoked_by_the_command_are_written_down()
    {
        await using var gateway = await StartAsync();
        var folder = gateway.Services.GetRequiredService<StateFolder>().Path;
        var secret = (await RunAsync(folder, "keys", "create", "laptop")).Trim();
        await RunAsync(folder, "keys", "revoke", "laptop");
        var lines = await gateway.AuditAsync(2);
        Assert.Equal([("cli", "keys create", "laptop", "ok"), ("cli", "keys revoke", "laptop", "ok")], lines.Select(line => (Text(line, "api"), Text(line, "path"), Text(line, "target"), Text(line, "result"))));
        Assert.Equal(Environment.UserName, Text(lines[0], "caller"));
        Assert.DoesNotContain(lines, line => line.GetRawText().Contains(secret, StringComparison.Ordinal));

        static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
    }

    [Fact]
    public void Keys_of_the_settings_change_with_them()
    {
        var live = new LmGateway.Configuration.LiveSettings(new LmGateway.Configuration.GatewayOptions());
        var ring = new KeyRing(live);
        Assert.False(ring.Required);
        _ = live.Replace(live.Current with { Security = live.Current.Security with { Keys = ["name=app key=secret"] } });
        Assert.True(ring.Required);
        Assert.Equal("app", ring.GrantOf("secret")?.Name);
        _ = live.Replace(live.Current with { Security = live.Current.Security with { Keys = [] } });
        Assert.Null(ring.GrantOf("secret"));
    }

    [Fact]
    public async Task A_damaged_file_of_keys_opens_nothing_to_anybody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var folder = gateway.Services.GetRequiredService<StateFolder>().Path;
        await File.WriteAllTextAsync(Path.Combine(folder, KeyFile.FileName), "{", TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await StatusAsync(gateway, null, HttpMethod.Get, "/v1/models") == 401, "the service refuses");
        Assert.Equal(200, await StatusAsync(gateway, null, HttpMethod.Get, "/health/live"));
    }

    [Theory]
    [InlineData("""{"name":"a b"}""")]
    [InlineData("""{"name":"default"}""")]
    [InlineData("""{"scopes":["inference"]}""")]
    [InlineData("""{"name":"x","scopes":["everything"]}""")]
    [InlineData("""{"name":"x","requestsPerMinute":0}""")]
    [InlineData("""{"name":"taken"}""")]
    public async Task A_key_that_cannot_be_is_not_made(string body)
    {
        await using var gateway = await StartAsync();
        await CreateAsync(gateway, """{"name":"taken"}""");
        Assert.Equal(400, await StatusAsync(gateway, Master, HttpMethod.Post, "/admin/keys", body));
        var (_, list) = await AskAsync(gateway, Master, HttpMethod.Get, "/admin/keys");
        Assert.Equal("""["taken"]""", JsonSerializer.Serialize(list.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("name").GetString())));
    }

    [Fact]
    public async Task A_ticket_of_a_revoked_key_opens_no_stream()
    {
        await using var gateway = await StartAsync();
        var secret = await CreateAsync(gateway, """{"name":"page","scopes":["debug"]}""");
        var (_, answer) = await AskAsync(gateway, secret, HttpMethod.Post, "/debug/stream/ticket");
        var path = $"/debug/stream?ticket={answer.GetProperty("ticket").GetString()}";
        using (var open = await gateway.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead)) Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        await AskAsync(gateway, Master, HttpMethod.Delete, "/admin/keys/page");
        using var refused = await gateway.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static Task<GatewayUnderTest> StartAsync() => GatewayUnderTest.StartAsync(configure: options => options with { Security = options.Security with { ApiKey = Master } });

    private static async Task<string> CreateAsync(GatewayUnderTest gateway, string body)
    {
        var (status, reply) = await AskAsync(gateway, Master, HttpMethod.Post, "/admin/keys", body);
        Assert.Equal(200, status);
        return reply.GetProperty("key").GetString()!;
    }

    private static async Task<int> StatusAsync(GatewayUnderTest gateway, string? secret, HttpMethod method, string path, string? body = null)
    {
        using var reply = await SendAsync(gateway, secret, method, path, body);
        return (int)reply.StatusCode;
    }

    private static async Task<(int Status, JsonElement Body)> AskAsync(GatewayUnderTest gateway, string secret, HttpMethod method, string path, string? body = null)
    {
        using var reply = await SendAsync(gateway, secret, method, path, body);
        return ((int)reply.StatusCode, JsonElement.Parse(await reply.Content.ReadAsStringAsync()));
    }

    private static async Task<HttpResponseMessage> SendAsync(GatewayUnderTest gateway, string? secret, HttpMethod method, string path, string? body)
    {
        using var request = body is null || method == HttpMethod.Get ? new HttpRequestMessage(method, path) : GatewayUnderTest.Request(path, body);
        request.Method = method;
        if (secret is not null) request.Headers.Add("X-API-Key", secret);
        return await gateway.Http.SendAsync(request);
    }

    private static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var handlers = new CommandHandlers { Serve = (_, _, _) => Task.FromResult(0), Mcp = (_, _, _) => Task.FromResult(0), Simulate = (_, _, _) => Task.FromResult(0), SimulateLms = (_, _) => Task.FromResult(0) };
        var surroundings = new CommandSurroundings { Out = output, Error = error, WorkingFolder = folder, Environment = new Dictionary<string, string> { ["LMGATEWAY_STATE_DIR"] = folder } };
        Assert.True(await CommandLine.RunAsync(arguments, handlers, surroundings, TestContext.Current.CancellationToken) == 0, error.ToString());
        return output.ToString();
    }
}
