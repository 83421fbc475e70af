using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace LmGateway.Tests.Functional;

/// <summary>No socket of a running service waits for more to send, neither towards a caller nor towards a backend.</summary>
public sealed class NoDelayTests
{
    private const string Answer = """{"id":"c1","object":"chat.completion","created":1,"model":"scripted","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}""";

    public NoDelayTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The kernel's list of sockets is read.");

    private static CancellationToken Test => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_socket_that_waits_is_told_from_one_that_does_not()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        foreach (var atOnce in new[] { false, true })
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = atOnce };
            await socket.ConnectAsync(listener.LocalEndpoint, Test);
            Assert.Equal(atOnce, LiveSocket.NoDelay(socket.LocalEndPoint!, socket.RemoteEndPoint!));
        }
    }

    [Fact]
    public async Task Callers_are_answered_at_once()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(IPAddress.Loopback, gateway.Address.Port, Test);
        await caller.SendAsync(Encoding.ASCII.GetBytes($"GET /health HTTP/1.1\r\nHost: {gateway.Address.Authority}\r\n\r\n"), Test);
        Assert.NotEqual(0, await caller.ReceiveAsync(new byte[4096], Test));
        Assert.True(LiveSocket.NoDelay(caller.RemoteEndPoint!, caller.LocalEndPoint!));
    }

    [Theory]
    [InlineData("/v1/chat/completions", false)]             // a body that is held, over a connection of the gateway's own
    [InlineData("/v1/chat/completions", true)]
    [InlineData("/v1/audio/transcriptions", false)]         // a body that streams through, over one of the framework
    public async Task Backends_are_asked_at_once(string path, bool streamed)
    {
        bool? atOnce = null;
        await using var backend = ScriptedBackend.Running(async (stream, cancellationToken) =>
        {
            atOnce = LiveSocket.NoDelay(stream.Socket.RemoteEndPoint!, stream.Socket.LocalEndPoint!);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Answer.Length}\r\n\r\n{Answer}"), cancellationToken);
        });
        await using var gateway = await GatewayUnderTest.StartAgainstAsync(backend.Address, options => options with { Backends = [$"scripted=openai@{backend.Address}"] });
        using var reply = await gateway.PostAsync(path, GatewayUnderTest.ChatBody(ScriptedBackend.Model, "hello", streamed ? "\"stream\":true" : ""), Test);
        Assert.True(atOnce);
    }
}
