using System.Net;
using LmGateway.Security;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class ClientAddressTests
{
    private static readonly ClientAddress Clients = new(NetworkSet.Parse("proxies", ["10.0.0.0/8", "fd00::/8"], []));

    [Theory]
    [InlineData("192.168.1.5", null, "192.168.1.5")]
    [InlineData("::ffff:192.168.1.5", null, "192.168.1.5")]
    [InlineData("192.168.1.5", "203.0.113.7", "192.168.1.5")]
    [InlineData("127.0.0.1", "203.0.113.7", "127.0.0.1")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.1", "203.0.113.7,10.0.0.2 , 10.0.0.3", "203.0.113.7")]
    [InlineData("10.0.0.1", "127.0.0.1, 203.0.113.7, 10.0.0.3", "203.0.113.7")]
    [InlineData("10.0.0.1", "10.0.0.9, 10.0.0.3", "10.0.0.9")]
    [InlineData("fd00::1", "2001:db8::7", "2001:db8::7")]
    [InlineData("10.0.0.1", "203.0.113.7:51000", "203.0.113.7")]
    [InlineData("10.0.0.1", "[2001:db8::7]:51000", "2001:db8::7")]
    [InlineData("10.0.0.1", "203.0.113.7, unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "garbage, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.1", "203.0.113.7, unknown, 10.0.0.3", "10.0.0.3")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", ",,", "10.0.0.1")]
    public void The_walk_ends_at_the_first_address_that_nobody_vouches_for(string connection, string? forwarded, string caller) =>
        Assert.Equal(IPAddress.Parse(caller), Clients.Of(IPAddress.Parse(connection), forwarded));

    [Fact]
    public void Several_headers_are_one_list()
    {
        var forwarded = new StringValues(["127.0.0.1", "203.0.113.7, 10.0.0.3"]);
        Assert.Equal(IPAddress.Parse("203.0.113.7"), Clients.Of(IPAddress.Parse("10.0.0.1"), forwarded));
    }

    [Fact]
    public void A_Unix_socket_counts_as_loopback() => Assert.Equal(IPAddress.Loopback, Clients.Of(null, default));
}
