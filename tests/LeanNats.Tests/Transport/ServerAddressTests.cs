using LeanNats.Transport;

namespace LeanNats.Tests.Transport;

public sealed class ServerAddressTests
{
    [Theory]
    [InlineData("localhost", "localhost:4222", false, null, null)]
    [InlineData("nats://a.example:5222", "a.example:5222", false, null, null)]
    [InlineData("tls://a.example", "a.example:4222", true, null, null)]
    [InlineData("nats://me:p%40ss@host:1", "host:1", false, "me", "p@ss")]
    [InlineData("nats://tok%2Fen@host", "host:4222", false, "tok/en", null)]
    [InlineData("nats://[::1]:4333", "[::1]:4333", false, null, null)]
    [InlineData("10.0.0.7:4224", "10.0.0.7:4224", false, null, null)]
    public void A_url_says_where_and_as_whom(string url, string printed, bool tls, string? user, string? password)
    {
        var server = Assert.Single(ServerAddress.ParseList(url));
        Assert.Equal((printed, tls, user, password), (server.ToString(), server.TlsRequired, server.User, server.Password));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" , ")]
    [InlineData("http://host")]
    [InlineData("ws://host:80")]
    [InlineData("nats://host:99999")]
    public void What_names_no_server_is_refused(string url) => Assert.Throws<ArgumentException>(() => new NatsConnection(new NatsOpts { Url = url }));

    [Fact]
    public void Secrets_in_urls_are_never_printed()
    {
        var opts = new NatsOpts { Url = "nats://me:secret@a,nats://token@b:1", AuthOpts = new NatsAuthOpts { Token = "secret" } };
        Assert.Equal("a,b:1", opts.ToString());
        Assert.Equal("token", opts.AuthOpts.ToString());
    }

    [Fact]
    public void A_round_tries_every_server_once_and_the_last_used_at_the_end()
    {
        var pool = new ServerPool(new NatsOpts { Url = "a,b,c,b", NoRandomize = true });
        Assert.Equal(["a:4222", "b:4222", "c:4222"], pool.Round().Select(server => server.ToString()));
        pool.Used(pool.Round()[0]);
        Assert.Equal(["b:4222", "c:4222", "a:4222"], pool.Round().Select(server => server.ToString()));
    }

    [Fact]
    public void Rounds_are_in_random_order()
    {
        var pool = new ServerPool(new NatsOpts { Url = string.Join(',', Enumerable.Range(1, 20).Select(i => $"h{i}")) });
        Assert.True(Enumerable.Range(0, 20).Select(_ => string.Join(',', pool.Round())).Distinct().Count() > 1);
    }

    [Fact]
    public void Servers_that_a_server_tells_of_keep_the_name_of_its_certificate()
    {
        var pool = new ServerPool(new NatsOpts { Url = "tls://nats.example", NoRandomize = true });
        var first = pool.Round()[0];
        pool.Learn(first, new NatsServerInfo { ClientConnectUrls = ["10.0.0.2:4222", "[::2]:4333", "other.example:4222", "nonsense", "x:0"] });
        Assert.Equal(["nats.example:4222", "10.0.0.2:4222", "[::2]:4333", "other.example:4222"], pool.Round().Select(server => server.ToString()));
        Assert.Equal(["nats.example", "nats.example", "nats.example", "other.example"], pool.Round().Select(server => server.TlsHost));
        Assert.All(pool.Round(), server => Assert.True(server.TlsRequired));

        pool.Learn(first, new NatsServerInfo { ClientConnectUrls = ["10.0.0.3:4222"] });
        Assert.Equal(["nats.example:4222", "10.0.0.3:4222"], pool.Round().Select(server => server.ToString()));
    }

    [Fact]
    public void Advertised_servers_can_be_ignored()
    {
        var pool = new ServerPool(new NatsOpts { Url = "a", IgnoreDiscoveredServers = true });
        pool.Learn(pool.Round()[0], new NatsServerInfo { ClientConnectUrls = ["10.0.0.2:4222"] });
        Assert.Single(pool.Round());
    }
}
