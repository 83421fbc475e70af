using System.Net;
using System.Net.Sockets;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>A backend that takes its time gets no more of it than is set.</summary>
public sealed class BackendSlowTests
{
    private static readonly TimeSpan Forever = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Completions)]
    [InlineData(InferenceApi.Responses)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV0)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_reply_that_does_not_come_in_time_is_504_and_the_generation_ends(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { TimeToFirstToken = Forever }, options => options with { Timeouts = new TimeoutOptions { RequestMs = 300 } });
        var (status, body) = await gateway.PostJsonAsync(path, api.Request());
        Assert.StartsWith("timeout of 300ms exceeded", api.AssertError(Failure.Timeout, status, body));
        await gateway.NothingIsLeftAsync();
        Assert.Equal(1, gateway.Counters().Cancels);
    }

    [Fact]
    public async Task The_time_limit_begins_when_the_request_is_sent_not_while_its_model_loads()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { LoadTime = TimeSpan.FromMilliseconds(1500) }, options => options with { Timeouts = new TimeoutOptions { RequestMs = 1000 } });
        Assert.Equal(200, (await gateway.PostJsonAsync(InferenceApi.Chat, InferenceApi.At(InferenceApi.Chat).Request())).Status);
    }

    [Theory]
    [InlineData(InferenceApi.Chat)]
    [InlineData(InferenceApi.Messages)]
    [InlineData(InferenceApi.ChatV1)]
    public async Task A_stream_that_does_not_begin_in_time_has_its_real_status(string path)
    {
        var api = InferenceApi.At(path);
        await using var gateway = await GatewayUnderTest.StartAsync(
            simulated => simulated with { LoadTime = Forever }, options => options with { Scheduling = new SchedulingOptions { LoadTimeoutSeconds = 1 } });
        var (status, body) = await gateway.PostJsonAsync(path, api.Request(stream: true));
        Assert.Contains("did not end within 1 s", api.AssertError(Failure.Timeout, status, body));
        await gateway.NothingIsLeftAsync();
        Assert.Equal(1, gateway.Counters().LoadsCancelled);
    }

    [Fact]
    public async Task A_server_that_takes_connections_and_says_nothing_is_not_reachable_and_health_answers_all_the_same()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://{silent.LocalEndpoint}", Once);
        string[] paths = [InferenceApi.Chat, InferenceApi.Embeddings, InferenceApi.Responses, InferenceApi.Messages, InferenceApi.ChatV1];
        var asked = paths.Select(path => (Api: InferenceApi.At(path), Reply: gateway.PostJsonAsync(path, InferenceApi.At(path).Request()))).ToList();
        var admin = gateway.GetJsonAsync("/admin/models");
        var (health, body) = await gateway.GetJsonAsync("/health");
        Assert.Equal((200, "degraded"), (health, body.GetProperty("status").GetString()));
        foreach (var (api, reply) in asked) api.AssertError(Failure.Unreachable, (await reply).Status, (await reply).Body);
        Assert.Equal(503, (await admin).Status);
        await gateway.NothingIsLeftAsync();
    }

    [Fact]
    public async Task A_server_that_does_not_take_connections_is_not_reachable_after_the_time_for_connecting()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        var waiting = await FillAsync(full.LocalEndPoint!);
        try
        {
            await using var gateway = await GatewayUnderTest.StartAgainstAsync($"http://{full.LocalEndPoint}", options => Once(options) with { Timeouts = new TimeoutOptions { ConnectMs = 200 } });
            foreach (var path in new[] { InferenceApi.Chat, InferenceApi.Messages, InferenceApi.ChatV0 })
            {
                var (status, body) = await gateway.PostJsonAsync(path, InferenceApi.At(path).Request());
                Assert.Contains("took longer than 200 ms", InferenceApi.At(path).AssertError(Failure.Unreachable, status, body));
            }

            using var handedOn = await gateway.PostAsync("/v1/audio/speech", "{}");
            Assert.Equal(502, (int)handedOn.StatusCode);
        }
        finally
        {
            foreach (var socket in waiting) socket.Dispose();
        }
    }

    /// <summary>Connects until the system leaves a connection waiting, because nobody accepts.</summary>
    private static async Task<IReadOnlyList<Socket>> FillAsync(EndPoint address)
    {
        var sockets = new List<Socket>();
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            var connecting = socket.ConnectAsync(address);
            if (await Task.WhenAny(connecting, Task.Delay(500)) != connecting) return sockets;
        }
    }

    private static GatewayOptions Once(GatewayOptions options) => options with { LmStudio = options.LmStudio with { ConnectAttempts = 1 } };
}
