using System.Net;
using LmGateway.Security;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class NetworkSetTests
{
    [Theory]
    [InlineData("192.168.1.5", "192.168.1.5", true)]
    [InlineData("192.168.1.5", "192.168.1.6", false)]
    [InlineData("192.168.1.0/24", "192.168.1.255", true)]
    [InlineData("192.168.1.0/24", "192.168.2.0", false)]
    [InlineData("192.168.1.77/24", "192.168.1.1", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("0.0.0.0/0", "203.0.113.7", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "203.0.113.7", false)]
    [InlineData("::/0", "::ffff:203.0.113.7", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    [InlineData("::1", "::1", true)]
    [InlineData("192.168.1.0/31", "192.168.1.1", true)]
    [InlineData("192.168.1.0/31", "192.168.1.2", false)]
    [InlineData(" 10.0.0.1 ", "10.0.0.1", true)]
    [InlineData("*", "2001:db8::1", true)]
    [InlineData("", "127.0.0.1", false)]
    public void An_entry_contains_what_it_says(string entry, string address, bool contained)
    {
        var faults = new List<string>();
        Assert.Equal(contained, NetworkSet.Parse("list", [entry], faults).Contains(IPAddress.Parse(address)));
        Assert.Empty(faults);
    }

    [Fact]
    public void The_list_is_literal_so_that_loopback_is_left_out_unless_named()
    {
        var set = NetworkSet.Parse("list", ["192.168.1.0/24", "2001:db8::1"], []);
        Assert.False(set.Contains(IPAddress.Loopback));
        Assert.False(set.Contains(IPAddress.IPv6Loopback));
        Assert.True(set.Contains(IPAddress.Parse("192.168.1.9")));
        Assert.True(set.Contains(IPAddress.Parse("2001:db8::1")));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("10.1")]
    [InlineData("7")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("10.0.0.0/")]
    [InlineData("::/129")]
    [InlineData("10.0.0.0/255.0.0.0")]
    [InlineData("256.0.0.1")]
    public void An_unreadable_entry_is_a_fault_that_names_setting_value_and_fix(string entry)
    {
        var faults = new List<string>();
        var set = NetworkSet.Parse("security.ip_allowlist", ["10.9.8.7", entry], faults);
        Assert.Equal([$"security.ip_allowlist: '{entry}' is neither an address nor a network; write 192.168.1.5, 192.168.1.0/24, fd00::/8 or *"], faults);
        Assert.True(set.Contains(IPAddress.Parse("10.9.8.7")));
    }
}
