using System.Text.Json;
using Xunit;

namespace LmGateway.Tests.Functional.Keys;

/// <summary>Named keys of the settings on every way over HTTP: what they open, what they see, what is written down of them.</summary>
public sealed class SettingsKeysTests
{
    private const string Chat = GatewayUnderTest.Chat;
    private const string Other = GatewayUnderTest.Other;

    [Fact]
    public async Task Several_keys_hold_each_with_its_own_scopes()
    {
        await using var gateway = await KeyedGateway.StartAsync("app", "operator scopes=models", "eye scopes=debug");
        foreach (var (secret, path, status) in new[]
        {
            ("app", "/v1/models", 200), ("app", "/admin/models", 403), ("operator", "/admin/models", 200), ("operator", "/v1/models", 403),
            ("eye", "/debug/status", 200), ("eye", "/admin/keys", 403), ("nobody", "/v1/models", 401), (KeyedGateway.Main, "/admin/keys", 200),
        })
            Assert.Equal(status, (await gateway.AskAsync(secret, HttpMethod.Get, path)).Status);
        var (_, chat) = await gateway.AskAsync("app", HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody(Chat, "hello"));
        Assert.Equal(Chat, chat.GetProperty("model").GetString());
        var (_, journal) = await gateway.AskAsync("eye", HttpMethod.Get, "/debug/requests");
        Assert.Equal("app", journal.GetProperty("requests")[0].GetProperty("caller").GetString());
    }

    [Fact]
    public async Task A_named_key_alone_locks_the_service()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => KeyedGateway.With(options, "app") with { Security = options.Security with { Keys = ["name=app key=app"] } });
        Assert.Equal(401, (int)(await gateway.SendAsync(null, HttpMethod.Get, "/v1/models")).StatusCode);
        Assert.Equal(200, (int)(await gateway.SendAsync("app", HttpMethod.Get, "/v1/models")).StatusCode);
    }

    [Fact]
    public async Task The_keys_of_the_settings_are_listed_and_can_be_neither_doubled_nor_revoked()
    {
        await using var gateway = await KeyedGateway.StartAsync("app requests_per_minute=60");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/keys", """{"name":"other"}""");
        var (_, list) = await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Get, "/admin/keys");
        Assert.Equal([("app", "settings"), ("other", "state")], list.GetProperty("keys").EnumerateArray().Select(key => (key.GetProperty("name").GetString(), key.GetProperty("source").GetString())));
        Assert.Equal(60, list.GetProperty("keys")[0].GetProperty("requestsPerMinute").GetInt32());
        Assert.DoesNotContain("sha256", list.GetRawText(), StringComparison.OrdinalIgnoreCase);
        var (status, refused) = await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Delete, "/admin/keys/app");
        Assert.Equal(400, status);
        Assert.Contains("security.keys", refused.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(400, (await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/keys", """{"name":"app"}""")).Status);
    }

    [Theory]
    [InlineData("/v1/models", "data", "id")]
    [InlineData("/models", "data", "id")]
    [InlineData("/api/v0/models", "data", "id")]
    [InlineData("/api/v1/models", "models", "key")]
    [InlineData("/admin/models", "downloaded", "path")]
    public async Task Lists_show_a_key_its_own_models(string path, string list, string name)
    {
        await using var gateway = await KeyedGateway.StartAsync($"app scopes=inference|models models={Chat}");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/models/load", $$"""{"modelKey":"{{Other}}","activate":false}""");
        var (status, own) = await gateway.AskAsync("app", HttpMethod.Get, path);
        Assert.Equal(200, status);
        Assert.Equal([Chat], Names(own));
        Assert.DoesNotContain(Other, own.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(Other, Names((await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Get, path)).Body));

        IEnumerable<string?> Names(JsonElement body) => body.GetProperty(list).EnumerateArray().Select(model => model.GetProperty(name).GetString());
    }

    [Fact]
    public async Task An_instance_with_a_name_of_its_own_is_listed_with_its_model()
    {
        await using var gateway = await KeyedGateway.StartAsync($"app models={Chat}");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/models/load", $$"""{"modelKey":"{{Chat}}","instanceId":"mine"}""");
        foreach (var path in new[] { "/v1/models", "/api/v1/models" })
            Assert.Contains("\"mine\"", (await gateway.AskAsync("app", HttpMethod.Get, path)).Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(200, (await gateway.AskAsync("app", HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody("mine", "hello"))).Status);
    }

    [Theory]
    [InlineData("GET", "/v1/models/granite-3.0-2b-instruct", null)]
    [InlineData("GET", "/v1/models/no-such-model", null)]
    [InlineData("GET", "/api/v0/models/granite-3.0-2b-instruct", null)]
    [InlineData("POST", "/v1/chat/completions", """{"model":"no-such-model","messages":[{"role":"user","content":"hi"}]}""")]
    [InlineData("POST", "/admin/models/load", """{"modelKey":"granite-3.0-2b-instruct"}""")]
    [InlineData("POST", "/admin/models/activate", """{"modelKey":"granite-3.0-2b-instruct"}""")]
    [InlineData("POST", "/admin/models/unload", """{"modelKey":"text-embedding-nomic-embed-text-v1.5"}""")]
    [InlineData("POST", "/admin/models/download", """{"identifier":"qwen/qwen3-4b-2507"}""")]
    [InlineData("DELETE", "/admin/models/granite-3.0-2b-instruct", null)]
    [InlineData("POST", "/admin/models/publish", """{"model":"granite-3.0-2b-instruct","wait":true}""")]
    [InlineData("POST", "/admin/models/sync", """{"objectName":"publisher/model/file.gguf"}""")]
    [InlineData("POST", "/api/v1/models/load", """{"model":"granite-3.0-2b-instruct"}""")]
    [InlineData("POST", "/api/v1/models/download", """{"model":"qwen/qwen3-4b-2507"}""")]
    [InlineData("POST", "/admin/models/load", """{"modelKey":"qwen2-1.5b-instruct","exclusive":true}""")]
    public async Task What_is_not_a_keys_own_model_is_refused_alike_whether_it_exists_or_not(string method, string path, string? body)
    {
        await using var gateway = await KeyedGateway.StartAsync($"app scopes=inference|models models={Chat}");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/models/load", """{"modelKey":"text-embedding-nomic-embed-text-v1.5"}""");
        var (status, refused) = await gateway.AskAsync("app", HttpMethod.Parse(method), path, body);
        Assert.Equal(403, status);
        Assert.Contains("'app'", refused.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_of_a_name_means_one_of_the_keys_own_models()
    {
        await using var gateway = await KeyedGateway.StartAsync($"app models={Chat}");
        var (status, chat) = await gateway.AskAsync("app", HttpMethod.Post, "/v1/chat/completions", GatewayUnderTest.ChatBody("instruct", "hello"));
        Assert.Equal((200, Chat), (status, chat.GetProperty("model").GetString()));
        var (ambiguous, _) = await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/api/v0/chat/completions", GatewayUnderTest.ChatBody("3", "hello"));
        Assert.NotEqual(200, ambiguous);
    }

    [Fact]
    public async Task Everything_that_is_unloaded_by_a_key_for_some_models_is_its_own()
    {
        await using var gateway = await KeyedGateway.StartAsync($"app scopes=models models={Chat}");
        foreach (var model in new[] { Chat, Other }) await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/models/load", $$"""{"modelKey":"{{model}}"}""");
        var (_, swept) = await gateway.AskAsync("app", HttpMethod.Post, "/models/unload", """{"unload_all":true}""");
        Assert.Equal($$"""["{{Chat}}"]""", swept.GetProperty("unloaded_keys").GetRawText());
        Assert.Equal([Other], gateway.Simulator.State.Instances.All.Select(instance => instance.Identifier));
    }

    [Fact]
    public async Task The_audit_file_tells_who_did_what_to_which_model_from_where_and_how_it_ended()
    {
        await using var gateway = await KeyedGateway.StartAsync("app scopes=models", "eye scopes=inference");
        await gateway.AskAsync("app", HttpMethod.Post, "/admin/models/load", $$"""{"modelKey":"{{Chat}}","instanceId":"mine"}""");
        await gateway.AskAsync("app", HttpMethod.Post, "/models/load", """{"model_key":"no-such-model"}""");
        await gateway.AskAsync("eye", HttpMethod.Post, "/admin/models/unload", """{"instanceId":"mine"}""");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Post, "/admin/keys", """{"name":"new"}""");
        await gateway.AskAsync(KeyedGateway.Main, HttpMethod.Delete, "/admin/keys/new");
        var lines = await gateway.AuditAsync(5);
        Assert.Equal(
            [
                ("app", "POST /admin/models/load", Chat, 200, "ok"),
                ("app", "POST /models/load", "no-such-model", 200, "model_not_found"),
                ("eye", "POST /admin/models/unload", null, 403, "forbidden"),
                ("default", "POST /admin/keys", "new", 200, "ok"),
                ("default", "DELETE /admin/keys/new", "new", 200, "ok"),
            ],
            lines.Select(line => (Text(line, "caller"), $"{Text(line, "method")} {Text(line, "path")}", Text(line, "target"), line.GetProperty("status").GetInt32(), Text(line, "result"))));
        Assert.All(lines, line => Assert.Equal(("http", "127.0.0.1"), (Text(line, "api"), Text(line, "address"))));

        static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
    }
}
