using System.Text.Json;
using LmGateway.Configuration;
using LmGateway.Events;
using LmGateway.Observability;
using LmGateway.Scheduling;
using LmGateway.Security;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LmGateway.Tests.Functional.Reload;

/// <summary>A changed configuration holds for the requests that come after it, and a bad one for none.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task Keys_and_lists_of_who_may_call_hold_at_once()
    {
        await using var gateway = await ReloadableGateway.StartAsync();
        Assert.Equal(200, (await gateway.GetAsync("/v1/models")).Status);

        await gateway.ReloadAsync("security: {api_key: first-key}");
        Assert.Equal(401, (await gateway.GetAsync("/v1/models")).Status);
        Assert.Equal(200, (await gateway.GetAsync("/v1/models", "first-key")).Status);

        await gateway.ReloadAsync("security: {api_key: second-key}");
        Assert.Equal(401, (await gateway.GetAsync("/v1/models", "first-key")).Status);

        await gateway.ReloadAsync("security: {ip_allowlist: [10.0.0.0/8]}");
        Assert.Equal(403, (await gateway.GetAsync("/v1/models")).Status);
        await gateway.ReloadAsync("");
        Assert.Equal(200, (await gateway.GetAsync("/v1/models")).Status);
    }

    [Fact]
    public async Task Hosts_and_origins_hold_at_once()
    {
        await using var gateway = await ReloadableGateway.StartAsync();
        await gateway.ReloadAsync("security: {allowed_hosts: [gateway.lan], cors_origins: ['https://chat.example.com']}");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Host = "gateway.lan";
        request.Headers.Add("Origin", "https://chat.example.com");
        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("https://chat.example.com", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Limits_defaults_and_allowed_models_hold_at_once()
    {
        await using var gateway = await ReloadableGateway.StartAsync();
        Assert.Equal(200, (await gateway.ChatAsync()).Status);

        await gateway.ReloadAsync("limits: {body_bytes: 1024}");
        Assert.Equal(413, (await gateway.ChatAsync(more: $"\"user\":\"{new string('x', 2000)}\"")).Status);

        await gateway.ReloadAsync($"inference: {{default_model: {GatewayUnderTest.Chat}, max_tokens: 3}}");
        var (status, body) = await gateway.PostAsync(InferenceApi.Chat, """{"messages":[{"role":"user","content":"count to 50"}]}""");
        Assert.Equal(200, status);
        Assert.Equal(3, JsonElement.Parse(body).GetProperty("usage").GetProperty("completion_tokens").GetInt32());

        await gateway.ReloadAsync($"inference: {{allowed_models: [{GatewayUnderTest.Other}]}}");
        Assert.Contains("not in the allowed list", (await gateway.ChatAsync()).Body, StringComparison.Ordinal);

        await gateway.ReloadAsync("models: {list: loaded}");
        Assert.Equal(JsonValueKind.Array, JsonElement.Parse((await gateway.GetAsync("/models")).Body).ValueKind);
    }

    [Fact]
    public async Task The_level_of_the_log_and_what_the_journal_keeps_hold_at_once()
    {
        await using var gateway = await ReloadableGateway.StartAsync("log: {level: error}");
        var logger = gateway.Services.GetRequiredService<ILogger<ReloadTests>>();
        Assert.False(logger.IsEnabled(LogLevel.Information));
        await gateway.ReloadAsync("log: {level: debug}\njournal: {capture: true}");
        Assert.True(logger.IsEnabled(LogLevel.Debug));
        await gateway.ReloadAsync("log: {level: error}\njournal: {capture: true}");
        Assert.False(logger.IsEnabled(LogLevel.Information));

        await gateway.ChatAsync();
        Assert.NotNull(gateway.Services.GetRequiredService<RequestJournal>().All()[0].Bodies);
    }

    [Fact]
    public async Task What_needs_a_restart_is_named_and_the_rest_applied()
    {
        await using var gateway = await ReloadableGateway.StartAsync();
        var outcome = await gateway.ReloadAsync("node: elsewhere\nlisten: {http: false}\nscheduling: {queue_limit: 7}\nnats: {queue_group: others}");
        Assert.Equal(["node", "listen.http", "scheduling.queue_limit", "nats.queue_group"], outcome.Changed);
        Assert.Equal(["node", "listen.http", "nats.queue_group"], outcome.NeedRestart);
        var now = gateway.Settings.Current;
        Assert.Equal((7, true), (now.Scheduling.QueueLimit, now.Listen.Http));
        Assert.NotEqual("elsewhere", now.Node);

        var (_, body) = await gateway.GetAsync("/debug/status");
        var told = JsonElement.Parse(body).GetProperty("configuration");
        Assert.Equal(1, told.GetProperty("reloads").GetInt32());
        Assert.Equal(["node", "listen.http", "nats.queue_group"], told.GetProperty("needRestart").EnumerateArray().Select(key => key.GetString()));
    }

    [Fact]
    public async Task A_bad_file_is_refused_with_every_error_and_what_held_before_still_holds()
    {
        await using var gateway = await ReloadableGateway.StartAsync("security: {api_key: a-key}");
        using var events = gateway.Services.GetRequiredService<EventHub>().Subscribe();
        await gateway.WriteAsync("security: {api_kye: b-key}\nscheduling: {queue_limit: -1}\nlog: {level: loud}");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/reload") { Headers = { { "X-API-Key", "a-key" } } };
        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(400, (int)response.StatusCode);
        var errors = body.GetProperty("details").EnumerateArray().Select(error => error.GetString()!).ToList();
        Assert.Equal(3, errors.Count);
        Assert.Contains(errors, error => error.StartsWith("scheduling.queue_limit = \"-1\" (lmgateway.yaml line 2)", StringComparison.Ordinal));
        Assert.Equal(200, (await gateway.GetAsync("/v1/models", "a-key")).Status);

        var told = JsonElement.Parse((await gateway.GetAsync("/debug/status", "a-key")).Body).GetProperty("configuration");
        Assert.Equal((0, 1), (told.GetProperty("reloads").GetInt32(), told.GetProperty("refused").GetInt32()));
        Assert.Equal(errors, told.GetProperty("errors").EnumerateArray().Select(error => error.GetString()!));
        Assert.Contains("lmgateway_configuration_reloads_total{outcome=\"refused\"} 1", (await gateway.GetAsync("/metrics", "a-key")).Body, StringComparison.Ordinal);
        var refused = Assert.IsType<ConfigurationRefused>(await NextAsync<ConfigurationRefused>(events));
        Assert.Equal(errors, refused.Faults);

        await gateway.ReloadAsync("security: {api_key: b-key}");
        Assert.Equal(200, (await gateway.GetAsync("/v1/models", "b-key")).Status);
        Assert.Equal(["security.api_key"], (await NextAsync<ConfigurationReloaded>(events)).Changed);
        Assert.False(JsonElement.Parse((await gateway.GetAsync("/debug/status", "b-key")).Body).GetProperty("configuration").TryGetProperty("errors", out _));
    }

    [Fact]
    public async Task A_file_that_is_gone_is_refused_and_does_not_open_the_service()
    {
        await using var gateway = await ReloadableGateway.StartAsync("security: {api_key: a-key}");
        gateway.Remove();
        await Eventually.TrueAsync(async () => JsonElement.Parse((await gateway.GetAsync("/debug/status", "a-key")).Body).GetProperty("configuration").GetProperty("refused").GetInt32() == 1, "the watch refuses it");
        Assert.Equal(401, (await gateway.GetAsync("/v1/models")).Status);
    }

    [Fact]
    public async Task A_protection_cannot_be_taken_away_while_the_listener_is_open_to_others()
    {
        await using var gateway = await ReloadableGateway.StartAsync("listen: {host: 0.0.0.0}\nsecurity: {api_key: a-key}");
        var outcome = await gateway.ReloadAsync("listen: {host: 127.0.0.1}");
        Assert.Contains("security.api_key", Assert.Single(outcome.Errors).ToString(), StringComparison.Ordinal);
        Assert.Equal(401, (await gateway.GetAsync("/v1/models")).Status);
    }

    [Fact]
    public async Task The_command_line_stays_stronger_than_the_file()
    {
        await using var gateway = await ReloadableGateway.StartAsync(given: new GivenSetting("scheduling.queue_limit", "9", "--set"));
        var outcome = await gateway.ReloadAsync("scheduling: {queue_limit: 3}");
        Assert.Empty(outcome.Changed);
        Assert.Equal(9, gateway.Settings.Current.Scheduling.QueueLimit);
    }

    [Fact]
    public async Task A_file_that_is_written_is_taken_over_by_itself()
    {
        await using var gateway = await ReloadableGateway.StartAsync();
        await gateway.WriteAsync("scheduling: {queue_limit: 3}");
        await Eventually.TrueAsync(() => gateway.Settings.Current.Scheduling.QueueLimit == 3, "the file is read");
        await gateway.WriteAsync("scheduling: {queue_limit: 4}");
        await Eventually.TrueAsync(() => gateway.Settings.Current.Scheduling.QueueLimit == 4, "it is read again");
    }

    [Fact]
    public async Task A_waiting_request_keeps_the_time_limit_that_it_began_with()
    {
        await using var gateway = await ReloadableGateway.StartAsync("timeouts: {request: 60000}", options => options with { LoadTime = TimeSpan.FromMilliseconds(300), TimeToFirstToken = TimeSpan.FromMilliseconds(300) });
        var asked = gateway.ChatAsync();
        await Eventually.TrueAsync(() => gateway.Services.GetRequiredService<Scheduler>().View().Loads.Count == 1, "it waits for its model");
        await gateway.ReloadAsync("timeouts: {request: 1}");
        Assert.Equal(200, (await asked).Status);
        Assert.Equal(504, (await gateway.ChatAsync()).Status);
    }

    private static async Task<T> NextAsync<T>(EventSubscription events) where T : GatewayEvent
    {
        await foreach (var published in events.ReadAsync(TestContext.Current.CancellationToken))
            if (published.Event is T wanted) return wanted;
        throw new InvalidOperationException("The events ended.");
    }
}
