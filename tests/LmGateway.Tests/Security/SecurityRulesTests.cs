using System.Net;
using LmGateway.Configuration;
using LmGateway.Security;
using LmGateway.Vocabulary;
using Xunit;

namespace LmGateway.Tests.Security;

public sealed class SecurityRulesTests
{
    [Fact]
    public void Defaults_have_no_faults() => Assert.Empty(SecurityRules.Faults(new GatewayOptions()));

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var options = new GatewayOptions
        {
            Security = new SecurityOptions { IpAllowlist = ["lan"], TrustedProxies = ["nginx"], AllowedHosts = ["a b"], CorsOrigins = ["chat"] },
        };
        var error = Assert.Throws<GatewayException>(() => SecurityRules.From(options)).Error;
        Assert.Equal(SecurityRules.Faults(options), error.Details);
        string[] keys = ["security.trusted_proxies", "security.ip_allowlist", "security.allowed_hosts", "security.cors_origins"];
        Assert.Equal(keys, error.Details.Select(fault => fault.Split(':')[0]));
    }

    [Fact]
    public void An_empty_allowlist_is_a_fault() =>
        Assert.Equal(
            ["security.ip_allowlist: an empty list lets nobody call; write * for everyone"],
            SecurityRules.Faults(new GatewayOptions { Security = new SecurityOptions { IpAllowlist = [" "] } }));

    [Theory]
    [InlineData("gateway.lan", "gateway.lan:8000", true)]
    [InlineData("*", "gateway.lan:8000", false)]
    [InlineData("0.0.0.0", "0.0.0.0:8000", true)]
    [InlineData("::", "[::]:8000", true)]
    public void The_bound_host_is_a_name_of_the_service(string bound, string host, bool ours)
    {
        var rules = SecurityRules.From(new GatewayOptions { Listen = new ListenOptions { Host = bound } });
        Assert.Equal(ours, rules.Hosts.Allows(host, IPAddress.Loopback));
    }

    [Theory]
    [InlineData("one.lan", true)]
    [InlineData("two.lan:9", true)]
    [InlineData("[2001:db8::1]:8000", true)]
    [InlineData("ignored.lan", false)]
    public void Bound_urls_come_before_the_bound_host(string host, bool ours)
    {
        var listen = new ListenOptions
        {
            Host = "ignored.lan",
            Urls = ["http://one.lan:8000", "http://two.lan:8002/", "http://[2001:db8::1]:1", "http://*:3000", "http://+:3001", "http://unix:/run/gateway.sock"],
        };
        var rules = SecurityRules.From(new GatewayOptions { Listen = listen });
        Assert.Equal(ours, rules.Hosts.Allows(host, IPAddress.Loopback));
    }
}
