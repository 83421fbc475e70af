using System.Text.Json.Nodes;
using LeanNats.Services;
using LeanNats.Tests.Connection;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Services;

/// <summary>What a service answers to anyone who asks for services.</summary>
public sealed class DiscoveryTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly NatsConnection host = shared.Server.Connect();
    private readonly string name = Nuid.Next();

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await nats.DisposeAsync();
    }

    [Theory]
    [InlineData("PING", """{"type":"io.nats.micro.v1.ping_response","name":"NAME","id":"ID","version":"1.2.3","metadata":{"node":"n1"}}""")]
    [InlineData("INFO", """{"type":"io.nats.micro.v1.info_response","name":"NAME","id":"ID","version":"1.2.3","metadata":{"node":"n1"},"description":"a <test>","endpoints":[{"name":"chat","subject":"NAME.chat","queue_group":"q","metadata":{"model":"m"}},{"name":"all","subject":"v1.NAME.>","queue_group":"","metadata":{}}]}""")]
    [InlineData("STATS", """{"type":"io.nats.micro.v1.stats_response","name":"NAME","id":"ID","version":"1.2.3","metadata":{"node":"n1"},"started":"2026-01-01T00:00:00Z","endpoints":[{"name":"chat","subject":"NAME.chat","queue_group":"q","num_requests":0,"num_errors":0,"last_error":"","processing_time":0,"average_processing_time":0,"data":{"queued":3}},{"name":"all","subject":"v1.NAME.>","queue_group":"","num_requests":0,"num_errors":0,"last_error":"","processing_time":0,"average_processing_time":0}]}""")]
    public async Task Each_question_is_answered_to_all_to_the_name_and_to_the_id(string verb, string expected)
    {
        var time = new ManualTime();
        await using var connection = shared.Server.Connect(opts => opts with { TimeProvider = time });
        await using var service = await new NatsSvcContext(connection).AddServiceAsync(new NatsSvcConfig
        {
            Name = name,
            Version = "1.2.3",
            Description = "a <test>",
            Metadata = new Dictionary<string, string> { ["node"] = "n1" },
            StatsHandler = endpoint => endpoint.Name == "chat" ? new JsonObject { ["queued"] = 3 } : null,
        });
        var opts = new NatsSvcEndpointOpts { Metadata = new Dictionary<string, string> { ["model"] = "m" } };
        await service.AddEndpointAsync(EchoAsync, "chat", $"{name}.chat", opts);
        await service.AddGroup("v1").AddGroup(name).AddEndpointAsync(EchoAsync, "all", ">", new NatsSvcEndpointOpts { QueueGroup = "" });
        await connection.FlushAsync();

        expected = expected.Replace("NAME", name, StringComparison.Ordinal).Replace("ID", service.Id, StringComparison.Ordinal);
        foreach (var subject in new[] { $"$SRV.{verb}.{name}", $"$SRV.{verb}.{name}.{service.Id}" })
            Assert.Equal(expected, (await nats.RequestAsync(subject)).Text());
        await nats.RequestManyAsync($"$SRV.{verb}").FirstAsync(answer => answer.Text() == expected);
    }

    [Fact]
    public async Task Statistics_tell_what_was_done_and_what_failed()
    {
        var time = new ManualTime();
        await using var connection = shared.Server.Connect(opts => opts with { TimeProvider = time });
        await using var service = await new NatsSvcContext(connection).AddServiceAsync(name, "0.0.1-beta.1+build");
        await service.AddEndpointAsync(
            (request, token) =>
            {
                time.Advance(TimeSpan.FromMicroseconds(3));
                return request.Data.IsEmpty ? throw new NatsSvcException(400, "nothing\r\nsaid") : EchoAsync(request, token);
            },
            name);
        await connection.FlushAsync();
        for (var i = 0; i < 3; i++) await nats.RequestAsync(name, "x".Bytes());
        await nats.RequestAsync(name);

        await Wait.UntilAsync(() => service.GetStats().Endpoints[0].NumRequests == 4, "four requests are counted");
        var stats = JsonNode.Parse((await nats.RequestAsync($"$SRV.STATS.{name}")).Text())!["endpoints"]![0]!;
        Assert.Equal(1, (int)stats["num_errors"]!);
        Assert.Equal("400:nothing said", (string?)stats["last_error"]);
        Assert.Equal(12_000, (long)stats["processing_time"]!);
        Assert.Equal(3_000, (long)stats["average_processing_time"]!);
    }

    [Fact]
    public async Task A_failing_statistics_handler_spoils_only_its_own_data()
    {
        var config = new NatsSvcConfig { Name = name, Version = "1.0.0", StatsHandler = _ => throw new InvalidOperationException("no numbers") };
        await using var service = await new NatsSvcContext(host).AddServiceAsync(config);
        await service.AddEndpointAsync(EchoAsync, name);
        Assert.Equal("no numbers", (string?)service.GetStats().Endpoints[0].Data!["error"]);
    }

    [Fact]
    public async Task A_service_is_found_again_after_its_connection_was_lost()
    {
        await using var proxy = new CuttingProxy(shared.Server.Port);
        await using var connection = new NatsConnection(shared.Server.Opts with { Url = proxy.Url, ReconnectWaitMin = TimeSpan.FromMilliseconds(5) });
        await using var service = await new NatsSvcContext(connection).AddServiceAsync(name, "1.0.0");
        await service.AddEndpointAsync(EchoAsync, name);
        await connection.FlushAsync();
        await using var events = connection.Events().GetAsyncEnumerator();
        var opened = events.NextAsync<NatsConnectionOpened>();
        proxy.Cut();
        await opened;
        await connection.FlushAsync();
        Assert.Contains(service.Id, (await nats.RequestAsync($"$SRV.PING.{name}")).Text(), StringComparison.Ordinal);
        Assert.Equal("x", (await nats.RequestAsync(name, "x".Bytes())).Text());
    }

    [Theory]
    [InlineData("a b", "1.0.0")]
    [InlineData("a.b", "1.0.0")]
    [InlineData("", "1.0.0")]
    [InlineData("a", "1.0")]
    [InlineData("a", "1.0.0\n")]
    [InlineData("a", "v1.0.0")]
    public async Task Names_and_versions_that_the_protocol_does_not_allow_are_refused(string service, string version) =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await new NatsSvcContext(host).AddServiceAsync(service, version));

    [Fact]
    public async Task Endpoints_and_groups_that_the_protocol_does_not_allow_are_refused()
    {
        await using var service = await new NatsSvcContext(host).AddServiceAsync(name, "1.0.0");
        await Assert.ThrowsAsync<ArgumentException>(async () => await service.AddEndpointAsync(EchoAsync, "a.b"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await service.AddEndpointAsync(EchoAsync, "a", "a b"));
        Assert.Throws<ArgumentException>(() => service.AddGroup("a.>"));
        Assert.Throws<ArgumentException>(() => service.AddGroup("a", "two words"));
        var none = new NatsSvcEndpointOpts { MaxConcurrency = 0 };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await service.AddEndpointAsync(EchoAsync, "a", opts: none));
        Assert.Empty(service.GetInfo().Endpoints);
    }

    private static ValueTask EchoAsync(NatsSvcMsg request, CancellationToken cancellationToken) =>
        request.ReplyAsync(request.Data, cancellationToken: cancellationToken);
}
