using System.Text;
using System.Text.Json;
using LeanNats;
using LeanNats.Tests.Servers;
using LmGateway.Configuration;
using LmStudio.Simulator.Engine;
using Xunit;

namespace LmGateway.Tests.Functional.Nats;

/// <summary>The whole service in front of a simulated LM Studio, on a NATS server of its own, and a caller.</summary>
internal sealed class NatsUnderTest : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private NatsUnderTest(NatsServer server, GatewayUnderTest gateway) => (Server, Gateway, Caller) = (server, gateway, server.Connect());

    public NatsServer Server { get; }

    public GatewayUnderTest Gateway { get; }

    /// <summary>A client of its own connection.</summary>
    public NatsConnection Caller { get; }

    public static async Task<NatsUnderTest> StartAsync(
        Func<SimulatorOptions, SimulatorOptions>? simulate = null, Func<GatewayOptions, GatewayOptions>? configure = null, Action<SimulatedLmStudio>? prepare = null, string server = "", bool jetStream = false, TimeProvider? time = null)
    {
        var nats = await NatsServer.StartAsync(server, jetStream);
        try
        {
            var gateway = await GatewayUnderTest.StartAsync(simulate, options => On(nats.Url, configure?.Invoke(options) ?? options), prepare, time);
            var started = new NatsUnderTest(nats, gateway);
            await gateway.ConnectedAsync();
            return started;
        }
        catch
        {
            await nats.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same settings on a NATS server that was named.</summary>
    public static GatewayOptions On(string url, GatewayOptions options) =>
        options with { Node = "desk", Nats = (options.Nats.IsOn ? options.Nats : new NatsOptions()) with { Url = url, IsConfigured = true } };

    public Task<JsonElement> AskAsync(string operation, string payload, NatsHeaders? headers = null) => AskAsync(operation, Encoding.UTF8.GetBytes(payload), headers);

    /// <summary>The reply's JSON, as <c>nats req lmstudio.OPERATION 'payload'</c> shows it.</summary>
    public async Task<JsonElement> AskAsync(string operation, byte[] payload, NatsHeaders? headers = null) =>
        JsonElement.Parse((await RequestAsync(operation, payload, headers)).Data.Span);

    public async Task<NatsMsg> RequestAsync(string operation, byte[] payload, NatsHeaders? headers = null) =>
        await Caller.RequestAsync(operation.StartsWith("lmstudio.", StringComparison.Ordinal) ? operation : $"lmstudio.{operation}", payload, headers, Patience);

    /// <summary>The messages of a stream, with its empty end left out.</summary>
    public IAsyncEnumerable<NatsMsg> StreamAsync(string payload, NatsHeaders? headers = null) =>
        Caller.RequestManyAsync("lmstudio.chat_stream", Encoding.UTF8.GetBytes(payload), headers, new NatsSubOpts { StopOnEmptyMsg = true, IdleTimeout = Patience });

    public async ValueTask DisposeAsync()
    {
        await Caller.DisposeAsync();
        await Gateway.DisposeAsync();
        await Server.DisposeAsync();
    }
}

internal static class NatsReplyFacts
{
    /// <summary>A success; its data, which names the node.</summary>
    public static JsonElement Data(this JsonElement reply)
    {
        Assert.True(reply.GetProperty("ok").GetBoolean(), reply.GetRawText());
        Assert.False(reply.TryGetProperty("error", out _));
        var data = reply.GetProperty("data");
        Assert.Equal("desk", data.GetProperty("node").GetString());
        return data;
    }

    /// <summary>A failure with this code; its text and data, which names the node.</summary>
    public static (string Text, JsonElement Data) Failure(this JsonElement reply, string code)
    {
        Assert.False(reply.GetProperty("ok").GetBoolean(), reply.GetRawText());
        var data = reply.GetProperty("data");
        Assert.Equal((code, "desk"), (data.GetProperty("code").GetString(), data.GetProperty("node").GetString()));
        return (reply.GetProperty("error").GetString()!, data);
    }

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    /// <summary>The gateway has its connection.</summary>
    public static Task ConnectedAsync(this GatewayUnderTest gateway) => Eventually.TrueAsync(() => gateway.Link().State.IsConnected, "the gateway is connected to NATS");

    public static LmGateway.Nats.NatsLink Link(this GatewayUnderTest gateway) => (LmGateway.Nats.NatsLink)gateway.Services.GetService(typeof(LmGateway.Nats.NatsLink))!;
}
