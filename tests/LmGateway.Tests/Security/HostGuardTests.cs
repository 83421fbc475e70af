using System.Net;
using LmGateway.Security;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class HostGuardTests
{
    private static readonly IPAddress Local = IPAddress.Parse("192.168.1.5");

    private static HostGuard Guard(params string[] allowed) => new(["192.168.9.9", "boxname", "::"], allowed, []);

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("localhost:8000", true)]
    [InlineData("LocalHost.:8000", true)]
    [InlineData("chat.localhost:1", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.9.9.9:8000", true)]
    [InlineData("[::1]:8000", true)]
    [InlineData("192.168.9.9:8000", true)]
    [InlineData("boxname:8000", true)]
    [InlineData("BOXNAME", true)]
    [InlineData("[::]:8000", true)]
    [InlineData("192.168.1.5:8000", true)]
    [InlineData("[::ffff:192.168.1.5]:8000", true)]
    [InlineData("192.168.1.6:8000", false)]
    [InlineData("evil.example", false)]
    [InlineData("evil.example:8000", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("evillocalhost", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("127.evil.example", false)]
    [InlineData("localhost:99999", false)]
    [InlineData("localhost:x", false)]
    [InlineData("localhost@evil.example", false)]
    [InlineData("host.docker.internal:8000", false)]
    [InlineData("[2001:db8::1]", false)]
    [InlineData("[::1", false)]
    [InlineData("", false)]
    [InlineData(".", false)]
    public void Loopback_names_bound_hosts_and_the_address_called_are_ours(string host, bool ours)
    {
        var guard = Guard();
        Assert.Equal(ours, guard.Allows(host, Local));
        Assert.Equal(ours, guard.Allows(host, Local));
    }

    [Fact]
    public void An_address_is_ours_only_on_connections_that_arrived_there()
    {
        var guard = Guard();
        Assert.True(guard.Allows("192.168.1.5:8000", Local));
        Assert.True(guard.Allows("192.168.1.5:8000", IPAddress.Parse("::ffff:192.168.1.5")));
        Assert.False(guard.Allows("192.168.1.5:8000", IPAddress.Parse("172.17.0.2")));
        Assert.False(guard.Allows("192.168.1.5:8000", null));
    }

    [Theory]
    [InlineData("gateway.example.com", "gateway.example.com:1234", true)]
    [InlineData("gateway.example.com", "GATEWAY.example.com", true)]
    [InlineData("gateway.example.com", "other.example.com", false)]
    [InlineData("gateway.example.com:8000", "gateway.example.com:8000", true)]
    [InlineData("gateway.example.com:8000", "gateway.example.com:8001", false)]
    [InlineData("gateway.example.com:8000", "gateway.example.com", false)]
    [InlineData("*.example.com", "a.b.example.com:80", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", "evilexample.com", false)]
    [InlineData("*.example.com:8443", "a.example.com:8443", true)]
    [InlineData("*.example.com:8443", "a.example.com", false)]
    [InlineData("10.0.0.7", "10.0.0.7:8000", true)]
    [InlineData("2001:DB8::1", "[2001:db8:0::1]:8000", true)]
    [InlineData("[2001:db8::1]:8000", "[2001:db8::1]:8001", false)]
    [InlineData("host.docker.internal", "host.docker.internal:8000", true)]
    [InlineData("*", "anything.example", true)]
    public void Further_names_come_from_the_setting(string allowed, string host, bool ours) => Assert.Equal(ours, Guard(allowed).Allows(host, Local));

    [Theory]
    [InlineData("https://gateway.example.com")]
    [InlineData("gateway.example.com/v1")]
    [InlineData("*example.com")]
    [InlineData("a.*.com")]
    [InlineData("user@example.com")]
    [InlineData("two words")]
    [InlineData("name:port")]
    public void An_unreadable_name_is_a_fault(string allowed)
    {
        var faults = new List<string>();
        Assert.False(new HostGuard([], [allowed], faults).Allows("gateway.example.com", Local));
        Assert.Equal([$"security.allowed_hosts: '{allowed}' is not a host; write gateway.example.com, gateway.example.com:8000, *.example.com or *"], faults);
    }

    [Fact]
    public void Verdicts_stay_right_past_the_number_that_is_remembered()
    {
        var guard = Guard("*.example.com");
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(guard.Allows($"n{i}.example.com", Local));
            Assert.False(guard.Allows($"n{i}.example.org", Local));
            Assert.Equal(i % 256 == 5, guard.Allows($"192.168.1.{i % 256}:{8000 + i}", Local));
        }
    }
}
