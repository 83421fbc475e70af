using System.Text.Json;
using LeanNats;
using LeanNats.Tests.Servers;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>A NATS server that is not there, goes away, or refuses: HTTP goes on, health tells it, and it comes back by itself.</summary>
public sealed class LinkTests
{
    [Fact]
    public async Task A_server_that_comes_later_is_found_and_HTTP_serves_meanwhile()
    {
        await using var server = await NatsServer.StartAsync();
        await server.KillAsync();
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => NatsUnderTest.On(server.Url, options));
        await Eventually.TrueAsync(() => gateway.Link().State.Problem is not null, "the first attempt has failed");
        var (status, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "degraded", "disconnected"), (status, body.Text("status"), body.GetProperty("nats").Text("state")));
        Assert.Equal(200, (await gateway.PostJsonAsync("/v1/chat/completions", GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "hi"))).Status);
        await server.StartAsync();
        await gateway.ConnectedAsync();
        Assert.Equal("healthy", (await gateway.GetJsonAsync("/health")).Body.Text("status"));
    }

    [Fact]
    public async Task After_a_restart_of_the_server_requests_are_answered_again()
    {
        await using var nats = await NatsUnderTest.StartAsync();
        for (var round = 0; round < 3; round++)
        {
            (await nats.AskAsync("loaded_models", "{}")).Data();
            await nats.Server.KillAsync();
            await Eventually.TrueAsync(() => !nats.Gateway.Link().State.IsConnected, "the loss is noticed");
            Assert.Equal("degraded", (await nats.Gateway.GetJsonAsync("/health")).Body.Text("status"));
            await nats.Server.StartAsync();
            await nats.Gateway.ConnectedAsync();
            await nats.Caller.ReconnectAsync();
        }

        (await nats.AskAsync("loaded_models", "{}")).Data();
        Assert.Equal("healthy", (await nats.Gateway.GetJsonAsync("/health")).Body.Text("status"));
    }

    [Fact]
    public async Task A_server_that_dies_under_a_stream_ends_the_generation()
    {
        await using var nats = await NatsUnderTest.StartAsync(simulated => simulated with { TokensPerSecond = 50 });
        var broken = Assert.ThrowsAnyAsync<NatsException>(async () =>
        {
            await foreach (var _ in nats.StreamAsync(GatewayUnderTest.ChatBody(GatewayUnderTest.Chat, "count to 50000")))
                if (nats.Gateway.Counters().Predictions == 1) await nats.Server.KillAsync();
        });
        await Eventually.TrueAsync(() => nats.Gateway.Counters() is { Cancels: 1, OpenStreams: 0 }, "the backend is told to stop");
        await nats.Gateway.NothingIsLeftAsync();
        await broken;
    }

    [Fact]
    public async Task A_server_that_nobody_named_may_be_missing()
    {
        var absent = $"nats://127.0.0.1:{NatsServer.FreePort()}";
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => options with { Nats = new NatsOptions { Url = absent } });
        await Eventually.TrueAsync(() => gateway.Link().State.Problem is not null, "the first attempt has failed");
        Assert.Equal("healthy", (await gateway.GetJsonAsync("/health")).Body.Text("status"));
    }

    [Fact]
    public async Task NATS_that_is_off_is_told_so()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal("off", (await gateway.GetJsonAsync("/health")).Body.GetProperty("nats").Text("state"));
        Assert.Throws<LmGateway.Vocabulary.GatewayException>(gateway.Link().Require);
    }

    [Fact]
    public async Task Credentials_that_are_refused_are_told_and_tried_again()
    {
        await using var server = await NatsServer.StartAsync("authorization { user: ada, password: right }");
        await using (var wrong = await GatewayUnderTest.StartAsync(configure: options => NatsUnderTest.On(server.Url, options with { Nats = new NatsOptions { User = "ada", Password = "wrong" } })))
        {
            await Eventually.TrueAsync(() => wrong.Link().State.Problem?.Contains("Authorization", StringComparison.OrdinalIgnoreCase) == true, "the refusal is told");
            Assert.Equal("degraded", (await wrong.GetJsonAsync("/health")).Body.Text("status"));
        }

        await using var right = await GatewayUnderTest.StartAsync(configure: options => NatsUnderTest.On(server.Url, options with { Nats = new NatsOptions { User = "ada", Password = "right" } }));
        await right.ConnectedAsync();
    }

    [Fact]
    public async Task A_token_is_a_credential_too()
    {
        await using var server = await NatsServer.StartAsync("authorization { token: s3cret }");
        await using var gateway = await GatewayUnderTest.StartAsync(configure: options => NatsUnderTest.On(server.Url, options with { Nats = new NatsOptions { Token = "s3cret" } }));
        await gateway.ConnectedAsync();
    }

    [Fact]
    [Trait("req", "S0-01")]
    public async Task Without_HTTP_the_service_is_on_NATS_alone()
    {
        await using var server = await NatsServer.StartAsync();
        var folder = Directory.CreateTempSubdirectory("lmgateway-test-");
        await using var simulator = await LmStudio.Simulator.SimulatorServer.StartAsync(new LmStudio.Simulator.Engine.SimulatorOptions());
        await using (var app = GatewayHost.Build(NatsUnderTest.On(server.Url, new GatewayOptions
        {
            StateDir = folder.FullName,
            Listen = new ListenOptions { Http = false },
            LmStudio = new LmStudioOptions { BaseUrl = simulator.Address.ToString().TrimEnd('/') },
            Log = new LogOptions { Level = LogThreshold.Error },
        }), TimeProvider.System))
        {
            await app.StartAsync();
            Assert.Empty(app.Urls);
            await using var caller = server.Connect();
            await Eventually.TrueAsync(async () => await AnswersAsync(caller), "it answers on NATS");
            await app.StopAsync();
        }

        folder.Delete(recursive: true);
    }

    private static async Task<bool> AnswersAsync(NatsConnection caller)
    {
        try
        {
            JsonElement.Parse((await caller.RequestAsync("lmstudio.list_models", "{}"u8.ToArray())).Data.Span).Data();
            return true;
        }
        catch (NatsNoRespondersException)
        {
            return false;
        }
    }
}
