using System.Text.Json.Nodes;
using LeanNats.Services;
using LeanNats.Tests.Connection;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Interop;

/// <summary>The official micro services client on the other end.</summary>
public sealed class ServicesInteropTests(SharedServer shared) : IClassFixture<SharedServer>, IAsyncDisposable
{
    private readonly NatsConnection nats = shared.Server.Connect();
    private readonly string name = Nuid.Next();

    public ValueTask DisposeAsync() => nats.DisposeAsync();

    [Fact]
    public async Task The_official_client_finds_our_service_and_reads_what_it_says()
    {
        var context = new NatsSvcContext(nats);
        await using var service = await context.AddServiceAsync(new NatsSvcConfig
        {
            Name = name,
            Version = "1.0.0",
            Description = "demo",
            StatsHandler = _ => new JsonObject { ["free"] = 2 },
        });
        await service.AddGroup("v1").AddEndpointAsync((request, token) => request.ReplyAsync(request.Data, cancellationToken: token), name);
        await service.AddEndpointAsync((_, _) => throw new NatsSvcException(400, "bad request", "body".Bytes()), "fails", $"{name}.fails");
        await using var second = await context.AddServiceAsync(name, "1.1.0");
        await nats.FlushAsync();
        await using var client = NodeScript.Start("services", shared.Server, name);

        Assert.Equal("x", (string?)(await client.AskAsync($"ask v1.{name}"))["body"]);
        var error = await client.AskAsync($"ask {name}.fails");
        Assert.Equal("body", (string?)error["body"]);
        Assert.Equal("400", (string?)error["headers"]!["Nats-Service-Error-Code"]![0]);

        var pings = (await client.AskAsync($"ping {name}")).AsArray();
        Assert.Equal(new[] { service.Id, second.Id }.Order(StringComparer.Ordinal), pings.Select(ping => (string?)ping!["id"]).Order(StringComparer.Ordinal));
        var info = Assert.Single((await client.AskAsync($"info {name} {service.Id}")).AsArray())!;
        Assert.Equal("demo", (string?)info["description"]);
        Assert.Equal([$"v1.{name}", $"{name}.fails"], info["endpoints"]!.AsArray().Select(endpoint => (string)endpoint!["subject"]!));
        var endpoints = Assert.Single((await client.AskAsync($"stats {name} {service.Id}")).AsArray())!["endpoints"]!;
        Assert.Equal(1, (int)endpoints[0]!["num_requests"]!);
        Assert.Equal("400:bad request", (string?)endpoints[1]!["last_error"]);
        Assert.Equal(2, (int)endpoints[1]!["data"]!["free"]!);
        Assert.Contains(service.Id, (await client.AskAsync("ping")).AsArray().Select(ping => (string?)ping!["id"]));

        await service.StopAsync();
        Assert.Equal("1.1.0", (string?)Assert.Single((await client.AskAsync($"info {name}")).AsArray())!["version"]);
        await client.FinishAsync();
    }

    [Fact]
    public async Task An_error_of_an_official_service_is_ours_with_its_code()
    {
        await using var service = await NodeScript.StartReadyAsync("services", shared.Server, name, "serve");
        var info = JsonNode.Parse((await nats.RequestAsync($"$SRV.INFO.{name}")).Text())!;
        Assert.Equal("official", (string?)info["description"]);
        var subject = (string)info["endpoints"]![0]!["subject"]!;
        var reply = await nats.RequestAsync(subject);
        var error = Assert.Throws<NatsSvcException>(() => NatsSvcException.ThrowIfError(reply));
        Assert.Equal((418, "no coffee"), (error.Code, error.Message));
        Assert.Equal("tea", System.Text.Encoding.UTF8.GetString(error.ErrorData.Span));
        await service.FinishAsync();
    }
}
