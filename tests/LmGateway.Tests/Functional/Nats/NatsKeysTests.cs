using System.Text;
using LeanNats;
using LmGateway.Tests.Functional.Keys;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>Keys on NATS: in a header, or by the credentials that the NATS server asks for.</summary>
public sealed class NatsKeysTests
{
    private const string Chat = GatewayUnderTest.Chat;

    private static readonly string Hello = GatewayUnderTest.ChatBody(Chat, "hello");

    [Theory]
    [InlineData("x-api-key", "app")]
    [InlineData("X-API-Key", "app")]
    [InlineData("authorization", "Bearer app")]
    [InlineData("api-key", "app")]
    public async Task A_key_is_taken_from_the_usual_headers(string header, string value)
    {
        await using var nats = await StartAsync("app");
        (await nats.AskAsync("chat_model", Hello, new NatsHeaders { [header] = value })).Data();
    }

    [Fact]
    public async Task Where_there_are_keys_a_request_without_one_or_with_a_wrong_one_is_refused()
    {
        await using var nats = await StartAsync("app");
        foreach (var operation in new[] { "list_models", "chat_model", "load_model", "health", "job_status", "pull_model" })
        {
            Assert.Contains("x-api-key", (await nats.AskAsync(operation, Hello)).Failure("unauthorized").Text, StringComparison.Ordinal);
            (await nats.AskAsync(operation, Hello, Key("wrong"))).Failure("unauthorized");
        }

        await foreach (var message in nats.StreamAsync(Hello)) System.Text.Json.JsonElement.Parse(message.Data.Span).Failure("unauthorized");
        Assert.Equal(0, nats.Gateway.Simulator.State.Counters.Snapshot().LoadsStarted);
        (await nats.AskAsync("health", "", Key(KeyedGateway.Main))).Data();
    }

    [Fact]
    public async Task Scopes_hold_operation_by_operation()
    {
        await using var nats = await StartAsync("app", "operator scopes=models");
        foreach (var operation in new[] { "load_model", "unload_model", "activate_model", "pull_model", "delete_model", "sync_model_from_bucket", "publish_model", "job_status" })
            Assert.Contains("lacks the scope 'models'", (await nats.AskAsync(operation, "{}", Key("app"))).Failure("forbidden").Text, StringComparison.Ordinal);
        foreach (var operation in new[] { "list_models", "chat_model", "embed", "loaded_models", "health" })
            Assert.Contains("lacks the scope 'inference'", (await nats.AskAsync(operation, "{}", Key("operator"))).Failure("forbidden").Text, StringComparison.Ordinal);
        (await nats.AskAsync("load_model", $$"""{"model":"{{Chat}}"}""", Key("operator"))).Data();
        (await nats.AskAsync("list_models", "", Key("app"))).Data();
    }

    [Fact]
    public async Task A_key_for_some_models_sees_and_uses_no_other()
    {
        await using var nats = await StartAsync($"app scopes=inference|models models={Chat}");
        var listed = (await nats.AskAsync("list_models", "", Key("app"))).Data().GetProperty("models").GetProperty("data").EnumerateArray();
        Assert.Equal([Chat], listed.Select(model => model.Text("id")));
        (await nats.AskAsync("load_model", $$"""{"model":"{{GatewayUnderTest.Other}}"}""", Key(KeyedGateway.Main))).Data();
        Assert.Empty((await nats.AskAsync("loaded_models", "", Key("app"))).Data().GetProperty("loaded").EnumerateArray());
        foreach (var (operation, payload) in new[]
        {
            ("chat_model", GatewayUnderTest.ChatBody(GatewayUnderTest.Other, "hello")),
            ("embed", $$"""{"model":"{{GatewayUnderTest.Embedder}}","input":"x"}"""),
            ("load_model", $$"""{"model":"{{GatewayUnderTest.Other}}"}"""),
            ("unload_model", $$"""{"model":"{{GatewayUnderTest.Other}}"}"""),
            ("delete_model", $$"""{"model_id":"{{GatewayUnderTest.Other}}"}"""),
            ("pull_model", """{"identifier":"qwen/qwen3-4b-2507"}"""),
            ("sync_model_from_bucket", """{"object_name":"publisher/model/file.gguf"}"""),
        })
            (await nats.AskAsync(operation, payload, Key("app"))).Failure("forbidden");
        (await nats.AskAsync("chat_model", Hello, Key("app"))).Data();
    }

    [Fact]
    public async Task Limits_hold_and_say_when_to_come_back()
    {
        await using var nats = await StartAsync("app requests_per_minute=1 tokens_per_day=1", "day tokens_per_day=1");
        var reply = default(System.Text.Json.JsonElement);
        for (var i = 0; i < 3 && (i == 0 || reply.GetProperty("ok").GetBoolean()); i++) reply = await nats.AskAsync("chat_model", Hello, Key("app"));       // a minute may end between two
        Assert.InRange(reply.Failure("rate_limited").Data.GetProperty("retry_after_ms").GetInt64(), 1, 86_400_000);

        (await nats.AskAsync("chat_model", Hello, Key("day"))).Data();
        var last = default(System.Text.Json.JsonElement);
        await foreach (var message in nats.StreamAsync(Hello, Key("day"))) last = System.Text.Json.JsonElement.Parse(message.Data.Span);
        Assert.True(last.Failure("rate_limited").Data.GetProperty("retry_after_ms").GetInt64() > 0);
    }

    [Fact]
    public async Task Replies_tell_a_limited_key_what_is_left()
    {
        await using var nats = await StartAsync("app requests_per_minute=100 tokens_per_minute=100000", "free");
        var whole = await nats.RequestAsync("chat_model", Encoding.UTF8.GetBytes(Hello), Key("app"));
        Assert.Equal(("100", "99"), (whole.Headers?["x-ratelimit-limit-requests"].ToString(), whole.Headers?["x-ratelimit-remaining-requests"].ToString()));
        Assert.Matches("^[0-9]+s$", whole.Headers?["x-ratelimit-reset-tokens"].ToString());
        var acknowledged = await nats.StreamAsync(Hello, Key("app")).FirstAsync();
        Assert.Equal("100000", acknowledged.Headers?["x-ratelimit-limit-tokens"].ToString());
        Assert.False((await nats.RequestAsync("chat_model", Encoding.UTF8.GetBytes(Hello), Key("free"))).Headers!.ContainsKey("x-ratelimit-limit-requests"));
    }

    [Theory]
    [InlineData(true, null, "unauthorized")]
    [InlineData(false, null, null)]
    [InlineData(null, "app", "forbidden")]
    [InlineData(true, "app", "unauthorized")]
    [InlineData(null, "nobody", "unauthorized")]
    public async Task A_request_without_a_key_has_the_rights_that_the_settings_give_it(bool? requireKey, string? keyName, string? code)
    {
        await using var nats = await NatsUnderTest.StartAsync(configure: options => KeyedGateway.With(options, "app") with { Nats = new() { RequireKey = requireKey, KeyName = keyName } });
        var reply = await nats.AskAsync("load_model", $$"""{"model":"{{Chat}}"}""");
        if (code is null) reply.Data();
        else reply.Failure(code);
        if (keyName == "app" && requireKey is null) (await nats.AskAsync("chat_model", Hello)).Data();
    }

    [Fact]
    public async Task Where_the_NATS_server_knows_its_clients_no_second_key_is_asked_for()
    {
        Assert.False(new LmGateway.Configuration.NatsOptions { User = "worker", Password = "secret" }.NeedsKey);
        Assert.False(new LmGateway.Configuration.NatsOptions { Url = "nats://worker:secret@10.0.0.2:4222" }.NeedsKey);
        Assert.True(new LmGateway.Configuration.NatsOptions().NeedsKey);
        await using var nats = await NatsUnderTest.StartAsync();        // without keys a header means nothing
        (await nats.AskAsync("chat_model", Hello, Key("whatever"))).Data();
    }

    [Fact]
    public async Task Changes_and_callers_are_written_down()
    {
        await using var nats = await StartAsync("operator scopes=models", "app");
        await nats.AskAsync("load_model", $$"""{"model":"{{Chat}}"}""", Key("operator"));
        await nats.AskAsync("unload_model", """{"instance_id":"nothing"}""", Key("operator"));
        await nats.AskAsync("load_model", $$"""{"model":"{{Chat}}"}""", Key("app"));
        await nats.AskAsync("job_status", "", Key("operator"));
        await nats.AskAsync("chat_model", Hello, Key("app"));
        var lines = await nats.Gateway.AuditAsync(3);
        Assert.Equal(
            [("operator", "lmstudio.load_model", Chat, "ok"), ("operator", "lmstudio.unload_model", "nothing", "model_not_found"), ("app", "lmstudio.load_model", null, "forbidden")],
            lines.Select(line => (line.GetProperty("caller").GetString(), line.GetProperty("path").GetString(), line.GetProperty("target").GetString(), line.GetProperty("result").GetString())));
        using var journal = await nats.Gateway.SendAsync(KeyedGateway.Main, HttpMethod.Get, "/debug/requests");
        var request = System.Text.Json.JsonElement.Parse(await journal.Content.ReadAsStringAsync()).GetProperty("requests")[0];
        Assert.Equal(("nats", "app", 200), (request.Text("api"), request.Text("caller"), request.GetProperty("status").GetInt32()));
    }

    private static NatsHeaders Key(string secret) => new() { ["x-api-key"] = secret };

    private static Task<NatsUnderTest> StartAsync(params string[] keys) => NatsUnderTest.StartAsync(configure: options => KeyedGateway.With(options, keys));
}
