using System.Net.Security;
using System.Security.Authentication;
using LeanNats.Tests.Servers;

namespace LeanNats.Tests.Transport;

public sealed class TlsTests(TestCertificates certificates) : IClassFixture<TestCertificates>
{
    [Fact]
    public async Task A_server_that_requires_tls_is_spoken_to_in_tls()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig());
        await using var nats = server.Connect(opts => opts with { TlsOpts = new NatsTlsOpts { CaFile = certificates.CaFile } });
        await using var subscription = await nats.SubscribeCoreAsync("a");
        var payload = new byte[1_000_000];
        new Random(1).NextBytes(payload);
        var publishes = Enumerable.Range(0, 20).Select(_ => nats.PublishAsync("a", payload).AsTask()).ToArray();
        await Wait.ForAsync(Task.WhenAll(publishes));
        for (var i = 0; i < publishes.Length; i++) Assert.Equal(payload, (await subscription.NextAsync()).Data.ToArray());
        Assert.True(nats.ServerInfo!.TlsRequired);
    }

    [Fact]
    public async Task A_connection_in_tls_comes_back_after_a_restart()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig());
        await using var nats = server.Connect(opts => opts with
        {
            Url = $"tls://localhost:{server.Port}",
            TlsOpts = new NatsTlsOpts { CaFile = certificates.CaFile },
            ReconnectWaitMin = TimeSpan.FromMilliseconds(5),
        });
        await using var subscription = await nats.SubscribeCoreAsync("a");
        await nats.FlushAsync();
        await server.RestartAsync();
        await nats.PublishConfirmedUntilSentAsync("a");
        await subscription.NextAsync();
    }

    [Fact]
    public async Task A_certificate_of_an_unknown_authority_is_refused_unless_told_otherwise()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig());
        await using var careful = server.Connect();
        var refused = await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await careful.ConnectAsync());
        Assert.IsType<AuthenticationException>(refused.InnerException!.InnerException);
        await using var careless = server.Connect(opts => opts with { TlsOpts = new NatsTlsOpts { InsecureSkipVerify = true } });
        await careless.FlushAsync();
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig());
        await using var nats = server.Connect(opts => opts with
        {
            TlsOpts = new NatsTlsOpts { CaFile = certificates.CaFile, ConfigureClientAuthentication = tls => tls.TargetHost = "elsewhere.example" },
        });
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.ConnectAsync());
    }

    [Fact]
    public async Task A_server_that_asks_for_it_gets_the_clients_certificate()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig(verifyClients: true));
        var tls = new NatsTlsOpts { CaFile = certificates.CaFile };
        await using var unknown = server.Connect(opts => opts with { TlsOpts = tls });
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await unknown.ConnectAsync());
        tls = tls with { CertFile = certificates.PathOf("client.pem"), KeyFile = certificates.PathOf("client.key") };
        await using var known = server.Connect(opts => opts with { TlsOpts = tls });
        await known.FlushAsync();
    }

    [Theory]
    [InlineData(NatsTlsMode.Require, "nats")]
    [InlineData(NatsTlsMode.Auto, "tls")]
    public async Task A_server_without_tls_is_refused_where_tls_is_required(NatsTlsMode mode, string scheme)
    {
        await using var server = await NatsServer.StartAsync();
        await using var nats = server.Connect(opts => opts with { Url = $"{scheme}://127.0.0.1:{server.Port}", TlsOpts = new NatsTlsOpts { Mode = mode } });
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.ConnectAsync());
        await using var prefers = server.Connect(opts => opts with { TlsOpts = new NatsTlsOpts { Mode = NatsTlsMode.Prefer } });
        await prefers.FlushAsync();
    }

    [Fact]
    public async Task A_server_that_requires_tls_is_refused_where_tls_is_switched_off()
    {
        await using var server = await NatsServer.StartAsync(certificates.ServerConfig());
        await using var nats = server.Connect(opts => opts with { TlsOpts = new NatsTlsOpts { Mode = NatsTlsMode.Disable } });
        await Assert.ThrowsAsync<NatsConnectionFailedException>(async () => await nats.ConnectAsync());
    }

    [Fact]
    public async Task Tls_can_come_before_the_first_word()
    {
        await using var server = new FakeServer();
        await using var nats = new NatsConnection(server.Opts with
        {
            TlsOpts = new NatsTlsOpts { Mode = NatsTlsMode.Implicit, CaFile = certificates.CaFile },
        });
        var connecting = nats.ConnectAsync().AsTask();
        using var client = await server.AcceptAsync();
        await using var encrypted = new SslStream(client.Stream);
        using var certificate = certificates.LoadServer();
        await Wait.ForAsync(encrypted.AuthenticateAsServerAsync(certificate));
        client.Stream = encrypted;
        await client.GreetAsync();
        await Wait.ForAsync(connecting);
        Assert.Contains("\"tls_required\":true", client.Connect);
        client.Dispose();
    }

    [Fact]
    public async Task Words_before_the_handshake_that_anyone_could_have_put_there_are_refused()
    {
        await using var server = new FakeServer();
        await using var nats = new NatsConnection(server.Opts with { TlsOpts = new NatsTlsOpts { CaFile = certificates.CaFile } });
        var connecting = nats.ConnectAsync().AsTask();
        using var client = await server.AcceptAsync();
        await client.SendAsync("INFO {\"tls_required\":true} \r\nMSG a 1 2\r\nhi\r\n");
        var refused = await Assert.ThrowsAsync<NatsConnectionFailedException>(() => Wait.ForAsync(connecting));
        Assert.IsType<NatsProtocolViolationException>(refused.InnerException!.InnerException);
    }
}
