using LmStudio.Simulator.Engine;
using Xunit;

namespace LmStudio.Simulator.Tests.Http;

public sealed class ControlTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Hello = """{"model":"granite-3.0-2b-instruct","messages":[{"role":"user","content":"hi"}]}""";
    private const string Token = "sk-lm-12345678:12345678901234567890";

    [Fact]
    public async Task Status_tells_counters_instances_and_settings()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync(Chat, Hello);
        var status = (await rig.GetAsync("/simulator/status")).Json;
        Assert.Equal(1, status.At("counters", "predictions").GetInt32());
        Assert.Equal(0, status.At("counters", "openStreams").GetInt32());
        Assert.Equal(1, status.At("counters", "loadsByKey", Rig.Granite).GetInt32());
        Assert.Equal(1, status.At("counters", "requests", "POST " + Chat).GetInt32());
        Assert.Equal((Rig.Granite, "idle", true), (status.At("instances", 0, "identifier").GetString(), status.At("instances", 0, "status").GetString(), status.At("instances", 0, "onDemand").GetBoolean()));
        Assert.Equal(8, status.At("settings", "memoryModels").GetInt32());
        Assert.Equal(rig.State.Models.Root, status.At("modelsDirectory").GetString());
    }

    [Fact]
    public async Task Every_setting_can_be_read_and_written_back()
    {
        await using var rig = await Rig.StartAsync();
        var settings = (await rig.GetAsync("/simulator/status")).Json.At("settings").GetRawText();
        var reply = await rig.PostAsync("/simulator/settings", settings);
        Assert.Equal((200, settings), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task Settings_change_while_it_runs()
    {
        await using var rig = await Rig.StartAsync();
        var reply = await rig.PostAsync("/simulator/settings", """{"loadTimeMs":25,"tokensPerSecond":7.5,"memoryModels":2,"justInTimeLoading":false,"reasoningField":"in-content","promptOverflow":"empty-stream"}""");
        Assert.Equal(200, reply.Status);
        var now = rig.State.Settings;
        Assert.Equal((25, 7.5, 2, false), (now.LoadTime.TotalMilliseconds, now.TokensPerSecond, now.MemoryModels, now.JustInTimeLoading));
        Assert.Equal((ReasoningField.InContent, PromptOverflow.EmptyStream), (now.ReasoningField, now.PromptOverflow));
    }

    [Theory]
    [InlineData("""{"nope":1}""")]
    [InlineData("""{"memoryModels":1,"loadTimeMs":"soon"}""")]
    [InlineData("""{"memoryModels":1,"loadTimeMs":-1}""")]
    [InlineData("""{"memoryModels":1,"reasoningField":"somewhere"}""")]
    public async Task A_wrong_setting_is_400_and_changes_nothing(string body)
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(400, (await rig.PostAsync("/simulator/settings", body)).Status);
        Assert.Equal(8, rig.State.Settings.MemoryModels);
    }

    [Fact]
    public async Task A_fault_hits_its_scope_so_many_times()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/simulator/faults", """[{"kind":"error-status","scope":"/v1/chat","count":2,"status":503,"body":{"error":"busy"}}]""");
        Assert.Equal((503, """{"error":"busy"}"""), await OutcomeAsync(rig.PostAsync(Chat, Hello)));
        Assert.Equal(200, (await rig.GetAsync("/v1/models")).Status);
        Assert.Equal(503, (await rig.PostAsync(Chat, Hello)).Status);
        Assert.Equal(200, (await rig.PostAsync(Chat, Hello)).Status);
    }

    [Fact]
    public async Task A_fault_without_a_count_lasts_until_it_is_cleared()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/simulator/faults", """{"kind":"nonsense","scope":"/v1/models"}""");
        for (var time = 0; time < 3; time++) Assert.Equal((200, "<html><body>It works!</body></html>"), await OutcomeAsync(rig.GetAsync("/v1/models")));
        using var clear = new HttpRequestMessage(HttpMethod.Delete, "/simulator/faults");
        Assert.Equal("[]", (await rig.SendAsync(clear)).At("faults"));
        Assert.StartsWith("{", (await rig.GetAsync("/v1/models")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("refuse", FaultKind.Refuse)]
    [InlineData("reset-before-headers", FaultKind.ResetBeforeHeaders)]
    [InlineData("reset-after-tokens", FaultKind.ResetAfterTokens)]
    [InlineData("stall", FaultKind.Stall)]
    [InlineData("malformed-event", FaultKind.MalformedEvent)]
    [InlineData("error-event", FaultKind.ErrorEvent)]
    [InlineData("no-done", FaultKind.NoDone)]
    [InlineData("error-status", FaultKind.ErrorStatus)]
    [InlineData("nonsense", FaultKind.Nonsense)]
    [InlineData("auth-required", FaultKind.AuthRequired)]
    [InlineData("websocket-refused", FaultKind.WebsocketRefused)]
    [InlineData("rest-missing", FaultKind.RestMissing)]
    [InlineData("load-failed", FaultKind.LoadFailed)]
    [InlineData("download-failed", FaultKind.DownloadFailed)]
    public async Task Every_kind_of_fault_has_its_name(string name, FaultKind kind)
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync("/simulator/faults", $$"""{"kind":"{{name}}","scope":"/x","tokens":4}""");
        Assert.Equal(new Fault { Kind = kind, Scope = "/x", Tokens = 4 }, Assert.Single(rig.State.Faults.All));
    }

    [Fact]
    public async Task An_unknown_fault_is_400()
    {
        await using var rig = await Rig.StartAsync();
        Assert.Equal(400, (await rig.PostAsync("/simulator/faults", """{"kind":"earthquake"}""")).Status);
        Assert.Empty(rig.State.Faults.All);
    }

    [Fact]
    public async Task With_rest_missing_the_native_v1_is_unknown_as_on_old_versions()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.RestMissing, Scope = "/api/v1" });
        var reply = await rig.GetAsync("/api/v1/models");
        Assert.Equal((200, """{"error":"Unexpected endpoint or method. (GET /api/v1/models)"}"""), (reply.Status, reply.Text));
        Assert.True((await rig.GetAsync("/api/v0/models")).Json.Has("data"));
    }

    [Fact]
    public async Task Reset_sets_the_counters_back()
    {
        await using var rig = await Rig.StartAsync();
        await rig.PostAsync(Chat, Hello);
        var status = await rig.PostAsync("/simulator/reset", "{}");
        Assert.Equal(("0", "{}"), (status.At("counters", "predictions"), status.At("counters", "requests")));
        Assert.Empty(rig.State.Counters.LastRequests);
    }

    [Fact]
    public async Task The_last_requests_are_shown_as_they_arrived()
    {
        await using var rig = await Rig.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat + "?a=b") { Content = new StringContent(Hello) };
        request.Headers.Add("X-Test", "yes");
        await rig.SendAsync(request);
        var seen = (await rig.GetAsync("/simulator/requests")).Json.At("requests", 0);
        Assert.Equal(("POST", Chat + "?a=b", "yes", Hello), (seen.At("method").GetString(), seen.At("path").GetString(), seen.At("headers", "x-test").GetString(), seen.At("body").GetString()));
        for (var more = 0; more < 100; more++) await rig.GetAsync("/lms-status");
        Assert.Equal(64, rig.State.Counters.LastRequests.Count);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/api/v0/models")]
    [InlineData("/api/v1/models")]
    [InlineData("/foo")]
    public async Task With_a_token_set_calls_without_it_are_401(string path)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ApiToken = Token });
        var reply = await rig.GetAsync(path);
        Assert.Equal((401, "invalid_request", "invalid_api_key"), (reply.Status, reply.At("error", "type"), reply.At("error", "code")));
        Assert.StartsWith("An LM Studio API token is required to make requests to this server, but none was provided using the Authorization header using the 'Bearer' scheme", reply.At("error", "message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/models", "Authorization", "Bearer " + Token, 200)]
    [InlineData("/v1/models", "Authorization", "bearer " + Token, 200)]
    [InlineData("/v1/models", "Authorization", "Bearer sk-lm-wrong", 401)]
    [InlineData("/v1/models", "x-api-key", Token, 401)]
    [InlineData("/v1/messages", "x-api-key", Token, 400)]
    public async Task The_token_is_a_bearer_and_messages_take_a_key_too(string path, string header, string value, int status)
    {
        await using var rig = await Rig.StartAsync(Rig.Quick with { ApiToken = Token });
        using var request = new HttpRequestMessage(path == "/v1/messages" ? HttpMethod.Post : HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        Assert.Equal(status, (await rig.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Without_authentication_any_key_is_accepted()
    {
        await using var rig = await Rig.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer lm-studio");
        Assert.Equal(200, (await rig.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Cross_origin_headers_are_sent_only_when_switched_on()
    {
        await using var rig = await Rig.StartAsync();
        using var off = await rig.Client.GetAsync("/v1/models", TestContext.Current.CancellationToken);
        Assert.False(off.Headers.Contains("Access-Control-Allow-Origin"));
        rig.State.Change(settings => settings with { Cors = true });
        using var preflight = new HttpRequestMessage(HttpMethod.Options, Chat);
        using var on = await rig.Client.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.Equal((204, "*"), ((int)on.StatusCode, on.Headers.GetValues("Access-Control-Allow-Origin").Single()));
    }

    [Fact]
    public async Task A_stopped_http_server_answers_nothing_but_the_simulators_own_api()
    {
        await using var rig = await Rig.StartAsync();
        rig.State.HttpServerRunning = false;
        await Assert.ThrowsAsync<HttpRequestException>(() => rig.GetAsync("/v1/models"));
        await Assert.ThrowsAsync<HttpRequestException>(() => rig.GetAsync("/lmstudio-greeting"));
        Assert.Equal(200, (await rig.GetAsync("/simulator/status")).Status);
    }

    [Fact]
    public async Task A_simulator_ends_while_a_stream_is_stalled()
    {
        var rig = await Rig.StartAsync();
        rig.State.Faults.Add(new Fault { Kind = FaultKind.Stall });
        await using var stream = await rig.OpenAsync(Chat, Hello.Replace("]}", "],\"stream\":true}", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await rig.DisposeAsync();
        Assert.False(Directory.Exists(rig.State.Models.Root));
    }

    private static async Task<(int Status, string Text)> OutcomeAsync(Task<Reply> asking) => ((await asking).Status, (await asking).Text);
}
