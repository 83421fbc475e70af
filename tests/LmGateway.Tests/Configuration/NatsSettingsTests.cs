using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

/// <summary>How the NATS servers are written, and how NATS is switched off.</summary>
public sealed class NatsSettingsTests
{
    [Theory]
    [InlineData("")]
    [InlineData("off")]
    [InlineData("OFF")]
    public void An_empty_NATS_URL_turns_NATS_off(string value)
    {
        Assert.False(Given.FromEnvironment(("NATS_URL", value)).Options.Nats.IsOn);
        Assert.False(Given.FromDotEnv($"NATS_URL={value}").Options.Nats.IsOn);
        Assert.Equal(value.Length == 0, Given.FromYaml($"nats:\n  url: {value}").Options.Nats.IsOn);
    }

    [Theory]
    [InlineData("nats://a:4222, tls://b ,c:5222", "nats://a:4222,tls://b,c:5222")]
    [InlineData("localhost", "localhost")]
    [InlineData("nats://[::1]:4222/", "nats://[::1]:4222/")]
    public void Servers_are_a_list(string written, string read)
    {
        var options = Given.FromEnvironment(("NATS_URL", written)).Options.Nats;
        Assert.Equal((read, true, true), (options.Url, options.IsOn, options.IsConfigured));
    }

    [Theory]
    [InlineData("http://a:4222")]
    [InlineData("nats://a:4222/path")]
    [InlineData("nats://")]
    [InlineData("nats://a:99999")]
    [InlineData(",")]
    public void What_is_no_server_is_refused(string written) =>
        Assert.Contains("servers (nats://host:port or tls://host:port, separated by commas) or off is expected", Given.ErrorOf("NATS_URL", written), StringComparison.Ordinal);

    [Fact]
    public void Secrets_in_an_address_are_never_shown()
    {
        var loaded = Given.FromEnvironment(("NATS_URL", "nats://ada:hunter2@a:4222,tls://t0ken@b"), ("LMGATEWAY_NATS__PASSWORD", "hunter2"));
        Assert.Equal("nats://***@a:4222, tls://***@b", loaded.Effective["nats.url"].Text);
        Assert.Equal("***", loaded.Effective["nats.password"].Text);
        Assert.DoesNotContain("hunter2", Given.ErrorOf("NATS_URL", "http://ada:hunter2@a"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_nobody_can_reach_is_warned_of() =>
        Assert.Equal(["Nobody can reach this service: listen.http is false and nats.url is off."], Given.FromYaml("listen:\n  http: false\nnats:\n  url: off").Warnings);

    [Fact]
    public void A_queue_group_is_one_name() =>
        Assert.Contains("a name of letters, digits, - and _ is expected", Given.ErrorOf("NATS_QUEUE_GROUP", "two words"), StringComparison.Ordinal);
}
