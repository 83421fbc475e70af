using System.Net;
using LmGateway.Configuration;
using Xunit;

namespace LmGateway.Tests.Configuration;

public sealed class DerivedValuesTests
{
    [Fact]
    public void The_provider_contracts_limits_win_over_the_general_ones()
    {
        var options = Given.FromYaml("inference:\n  http:\n    timeout_secs: 60\n    connect_timeout_secs: 7\ntimeouts:\n  request: 5000\n  connect: 6000").Options;

        Assert.Equal((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(7)), (options.RequestTimeout, options.ConnectTimeout));
    }

    [Fact]
    public void Without_them_the_general_limits_hold()
    {
        var options = Given.Nothing().Options;

        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10)), (options.RequestTimeout, options.ConnectTimeout));
        Assert.Equal((Timeout.InfiniteTimeSpan, TimeSpan.FromMinutes(10)), (options.Timeouts.StreamTimeout, options.Timeouts.StreamIdleTimeout));
    }

    [Fact]
    public void A_limit_of_zero_is_none()
    {
        var options = Given.FromEnvironment(("PROXY_TIMEOUT", "0"), ("PROXY_STREAM_TIMEOUT", "0"), ("LMGATEWAY_SCHEDULING__ON_DEMAND__TTL_SECONDS", "0")).Options;

        Assert.Equal((Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), (options.RequestTimeout, options.Timeouts.StreamTimeout));
        Assert.Null(options.Scheduling.OnDemandTtl);
    }

    [Theory]
    [InlineData("provider: lmstudio", true)]
    [InlineData("default_model: a", true)]
    [InlineData("allowed_models: [a]", true)]
    [InlineData("base_url: http://localhost:1234", false)]
    [InlineData("http: { timeout_secs: 60 }", false)]
    public void A_provider_a_default_model_or_allowed_models_switch_the_contract_on_and_an_address_does_not(string line, bool isOn) =>
        Assert.Equal(isOn, Given.FromYaml($"inference:\n  {line}").Options.Inference.IsProviderContract);

    [Theory]
    [InlineData("http://localhost:1", "localhost", true, false, null)]
    [InlineData("http://127.0.0.1:1", "127.0.0.1", true, false, "127.0.0.1")]
    [InlineData("http://[::1]:1", "::1", true, false, "::1")]
    [InlineData("http://*:1", "*", false, true, null)]
    [InlineData("http://0.0.0.0:1", "0.0.0.0", false, true, "0.0.0.0")]
    [InlineData("http://[::]:1", "::", false, true, "::")]
    [InlineData("http://192.168.1.2:1", "192.168.1.2", false, false, "192.168.1.2")]
    public void A_listener_knows_who_can_reach_it(string url, string host, bool isLoopback, bool isEveryInterface, string? ip)
    {
        var address = ListenAddress.Parse(url);

        Assert.Equal((host, 1, isLoopback, isEveryInterface), (address.Host, address.Port, address.IsLoopback, address.IsEveryInterface));
        Assert.Equal(ip is null ? null : IPAddress.Parse(ip), address.Address);
        Assert.Equal(url, address.ToString());
    }

    [Fact]
    public void With_HTTP_off_nothing_is_bound() =>
        Assert.Empty(Given.FromEnvironment(("LMGATEWAY_LISTEN__HTTP", "false")).Options.Listen.Addresses);

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("10.255.255.255/12", "10.240.0.0/12")]
    [InlineData("2001:db8::1/32", "2001:db8::/32")]
    [InlineData("10.0.0.1/0", "0.0.0.0/0")]
    [InlineData("10.0.0.1/32", "10.0.0.1/32")]
    [InlineData("10.0.0.1/", null)]
    [InlineData("10.0.0.1/-1", null)]
    [InlineData("10.0.0.1/129", null)]
    [InlineData("10.1/8", null)]
    [InlineData("", null)]
    public void Networks_are_made_canonical(string text, string? canonical)
    {
        Assert.Equal(canonical, AddressRange.Canonical(text));
        if (canonical?.Contains('/', StringComparison.Ordinal) == true) Assert.True(IPNetwork.TryParse(canonical, out _));
    }

    [Fact]
    public void The_demo_replaces_the_address_and_sends_no_token()
    {
        var loaded = Given.Load(new Given
        {
            CommandLine = [new GivenSetting("lmstudio.base_url", "http://127.0.0.1:0", "--demo")],
            Environment = { ["LM_API_TOKEN"] = "sk-lm-a" },
        }).WithSimulatorAt("http://127.0.0.1:5555");

        Assert.Equal(("http://127.0.0.1:5555", null), (loaded.Options.LmStudio.BaseUrl, loaded.Options.LmStudio.ApiToken));
        Assert.Equal(("http://127.0.0.1:5555", "command line --demo"), (loaded.Effective["lmstudio.base_url"].Text, loaded.Effective["lmstudio.base_url"].Source.Text));
        Assert.Equal("(not set)", loaded.Effective["lmstudio.api_token"].Text);
    }
}
